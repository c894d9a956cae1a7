"""Where the C of compiler/ and runtime/ may name an op, a layer, an optimizer, ...: in its row, its file and its kernel rows.

`problems(root)` yields what breaks that; `self_test()` plants a counter-example of each kind in a small tree of its own and
says which is not found. Everything allowed beyond the rule stands below with its reason; what nothing needs is a problem.
"""
import pathlib
import re
import tempfile

# Ops that are the graph's own structure: passes of every kind make and read them.
STRUCTURAL = {
    "input": "a function's operands",
    "state": "a leaf that reads the program's table of states",
    "constant": "a leaf whose value is an attribute",
    "relayout": "the copy between layouts, which the layout pass inserts",
    "part": "the view that takes one of several results",
}
# (file, name): why the file names it. One that no longer does is a problem itself.
EXCEPTIONS = {
    ("compiler/passes/backward.c", "add"): "the sum of the gradients of a value that is read several times",
    ("compiler/lang/adapter_lora.c", "dropout"): "what its first layer reads, if it is to read a part",
    ("compiler/lang/transforms.c", "step"): "what a pipeline is made of, in messages",
    ("compiler/driver/inspect.c", "mean"): "a column of a table",
    ("compiler/ops/composed_loss.c", "add"): "the sum of the terms of a loss",
    ("compiler/ops/cosine_embedding.c", "add"): "what keeps a length from 0",
    ("compiler/ops/cosine_embedding.c", "div"): "a row at the length 1",
    ("compiler/ops/cosine_embedding.c", "mse"): "the loss is the square of a distance",
    ("compiler/ops/cosine_embedding.c", "mul"): "the square of a length",
    ("compiler/ops/cosine_embedding.c", "sqrt"): "a length",
    ("compiler/ops/activation_map.c", "mul"): "each channel of a map times its weight",
    ("compiler/ops/distillation.c", "add"): "the sum of the terms of a loss",
    ("compiler/ops/distillation.c", "concat"): "channels that were normalised one by one",
    ("compiler/ops/distillation.c", "cross_entropy"): "the divergence is made of two",
    ("compiler/ops/distillation.c", "interpolate"): "a teacher's images at its own size",
    ("compiler/ops/distillation.c", "narrow"): "one channel of an image",
    ("compiler/ops/distillation.c", "softmax"): "what a teacher's logits mean",
    ("compiler/ops/adam.h", "step"): "the scalar that counts steps",
    ("compiler/ops/sgd.c", "step"): "the scalar that counts steps",
    ("runtime/app/eval_command.c", "split"): "a key of eval's JSON",
    ("runtime/app/run_folder.c", "step"): "a key of log.jsonl",
    ("runtime/app/run_log.c", "step"): "a key of log.jsonl",
    ("runtime/app/split_file.c", "train"): "a word of split.csv",
}
ALL = ("compiler", "runtime")
# What has rows: kind -> (table, how a row of it begins, where its names are its own). Commands are words of the folder that runs
# them: `train` is a command of programs, and an entry, a statement and a data source elsewhere.
KINDS = {
    "op": ("compiler/ops/ops.def", r"^FTM_OP\((\w+)", ALL),
    "layer": ("compiler/lang/layers.def", r"^FTM_CALL\((\w+),\s*LAYER", ALL),
    "layer that is an op": ("compiler/ops/ops.def", r"^FTM_OP_CALL\((\w+)", ALL),
    "optimizer": ("runtime/recipe/calls.def", r"^FTM_CALL\((\w+),\s*OPTIMIZER", ALL),
    "loss": ("runtime/recipe/calls.def", r"^FTM_CALL\((\w+),\s*LOSS", ALL),
    "schedule": ("runtime/recipe/calls.def", r"^FTM_CALL\((\w+),\s*SCHEDULE", ALL),
    "transform": ("runtime/recipe/calls.def", r"^FTM_CALL\((\w+),\s*TRANSFORM", ALL),
    "source": ("runtime/recipe/calls.def", r"^FTM_CALL\((\w+),\s*DATA", ALL),
    "decoder": ("runtime/picture/decoders.def", r"^FTMRT_DECODER\((\w+)", ALL),
    "metric": ("runtime/app/metrics.c", r'^    \{"(\w+)", "[^"]*", metrics_', ("runtime/app",)),
    "command of programs": ("runtime/app/commands.def", r"^APP_COMMAND\((\w+)", ("runtime/app",)),
    "command": ("compiler/driver/command.def", r"^FTM_COMMAND\((\w+)", ("compiler/driver",)),
}


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)


class Tree:
    """The tables of a tree: what is named in it, and which files belong to each name."""

    def __init__(self, root):
        self.root = root
        self.files = {str(p.relative_to(root)): without_comments(p.read_text())
                      for d in ALL for p in sorted((root / d).rglob("*.[chly]"))}
        self.rows = {kind: set(re.findall(row, self.text(table), re.M)) for kind, (table, row, _) in KINDS.items()}
        self.ops = self.rows["op"] | self.rows["optimizer"]  # an optimizer's op has its name
        self.called = self.rows["layer"] | self.rows["layer that is an op"]
        self.kernels = re.findall(r"^FTM_KERNEL\((\w+),\s*\w+,\s*(\w+),\s*(\w+)", self.text("compiler/kernel/kernel.def"), re.M)
        self.rewrites = re.findall(r"^FTM_PASS\((\w+),\s*REWRITE", self.text("compiler/passes/passes.def"), re.M)

    def text(self, path):
        return (self.root / path).read_text() if (self.root / path).exists() else ""

    def words(self, path):
        """Names that are a row's wherever they stand as strings in this file."""
        return {name for kind, (_, _, folders) in KINDS.items() if path.startswith(folders) for name in self.rows[kind]
                if kind != "op" or name not in STRUCTURAL}

    def defines(self, path, pattern):
        return bool(re.search(pattern, self.files[path], re.M))

    def is_file_of(self, path, name):
        """Whether the file is the row's: by its own name, or as it holds what the row asks for."""
        stem = pathlib.Path(path).stem
        return any(path == table for table, _, _ in KINDS.values()) or \
            stem == name or stem.endswith(f"_{name}") or stem.startswith(f"{name}_") or \
            self.defines(path, rf"\b(eval|shape|rate|rules|metrics)_{name}\b\s*(\([^;]*\)\s*\{{|=)") or \
            any(op == name and self.defines(path, rf"\b(kernel_{family}|facts_{facts})\s*=") for op, facts, family in self.kernels)

    def may_build(self, path, op):
        """Whether the file makes nodes of other ops: gradients in the files of ops, the patterns of rewrites, and layers, which
        are made of ops that nobody calls by themselves."""
        folder, stem = str(pathlib.Path(path).parent), pathlib.Path(path).stem
        if folder == "compiler/ops":
            return any(self.is_file_of(path, name) for name in self.ops)
        if folder == "compiler/passes":
            return stem in self.rewrites
        return op not in self.called and any(self.defines(path, rf"\brules_{name}\s*=") for name in self.rows["layer"])


def mentions_of(tree, path):
    """(text, name) of each mention that only certain files may make."""
    text = tree.files[path]
    for op in sorted(set(re.findall(r"\bOP_([a-z]\w*)", text)) & tree.ops):
        if op not in STRUCTURAL and not tree.is_file_of(path, op) and not tree.may_build(path, op):
            yield f"OP_{op}", op
    calls = set().union(*(tree.rows[kind] for kind in ("optimizer", "loss", "schedule", "transform", "source")))
    for call in sorted(set(re.findall(r"\bFTMRT_CALL_([a-z]\w*)", text)) & calls):
        if not tree.is_file_of(path, call):
            yield f"FTMRT_CALL_{call}", call
    for name in sorted(set(re.findall(r'"(\w+)"', text)) & tree.words(path)):
        if not tree.is_file_of(path, name):
            yield f'"{name}"', name


def problems(root, exceptions=None):
    exceptions = EXCEPTIONS if exceptions is None else exceptions
    tree, used = Tree(root), set()
    for kind, rows in tree.rows.items():
        if not rows:
            yield f"no row of the kind {kind} is found in {KINDS[kind][0]}"
    for path in tree.files:
        for text, name in mentions_of(tree, path):
            used.add((path, name))
            if (path, name) not in exceptions:
                yield f"{path}: names {text}, which has a row and a file of its own"
    for path, name in sorted(set(exceptions) - used):
        yield f"tests/lint/mentions.py: {path} no longer names {name}; the exception goes"


PLANTED = {  # kind: a file that breaks the rule
    "op": ("compiler/schedule/a.c", "int f(void) { return OP_relu; }"),
    "op in a general pass": ("compiler/passes/dce.c", "int f(void) { return OP_relu; }"),
    "op as a string": ("compiler/graph/a.c", 'const char *s = "relu";'),
    "op of a layer in another layer's file": ("compiler/lang/layer_norm.c", "struct layer_rules rules_group_norm = {0}; int f = OP_relu;"),
    "op in a file that is named like a layer's": ("compiler/lang/layer_tools.c", "int f = OP_bias_add;"),
    "layer": ("compiler/driver/a.c", 'const char *s = "conv2d";'),
    "layer that is an op": ("compiler/lang/edit.c", 'const char *s = "relu";'),
    "optimizer": ("compiler/bind/a.c", 'const char *s = "sgd";'),
    "optimizer as a constant": ("runtime/app/a.c", "int f(void) { return FTMRT_CALL_sgd; }"),
    "optimizer's op": ("compiler/codegen/kernel_update.c", "int f(void) { return OP_sgd; }"),
    "loss": ("runtime/app/a.c", 'const char *s = "cross_entropy";'),
    "schedule": ("runtime/app/b.c", 'const char *s = "cosine";'),
    "transform": ("runtime/app/c.c", 'const char *s = "resize";'),
    "source": ("compiler/lang/a.c", 'const char *s = "idx";'),
    "decoder": ("runtime/app/d.c", 'const char *s = "png";'),
    "metric": ("runtime/app/eval_command.c", 'const char *s = "top5";'),
    "command of programs": ("runtime/app/app.c", 'const char *s = "selftest";'),
    "command": ("compiler/driver/b.c", 'const char *s = "check";'),
    "kernel of another op": ("compiler/codegen/kernel_pool.c", "struct kernel_family kernel_pool = {0}; int f = OP_relu;"),
}
RIGHT = {  # files that keep it
    "compiler/ops/relu.c": 'int f(void) { return OP_relu; } const char *s = "relu"; void eval_relu(struct eval *e) { }',
    "compiler/passes/fold.c": "int f(void) { return OP_relu; }",
    "compiler/codegen/kernel_conv.c": 'struct kernel_family kernel_conv2d = {0}; int f = OP_conv2d; const char *s = "conv2d";',
    "compiler/schedule/b.c": "/* OP_relu */ int f(void) { return OP_input; }",
    "compiler/lang/layer_conv.c": "struct layer_rules rules_conv2d = {0}; int f = OP_conv2d, g = OP_bias_add;",
    "compiler/graph/b.c": 'const char *s = "train", *t = "state", *u = "accuracy";',
    "runtime/app/source_idx.c": 'const char *s = "idx";',
    "runtime/app/lr_schedule.c": "double rate_cosine(double step) { return FTMRT_CALL_cosine; }",
    "runtime/app/metrics.c": '    {"top5", "top-5", metrics_top5},\n',
}
TABLES = {
    "compiler/ops/ops.def": "FTM_OP(input,\nFTM_OP(state,\nFTM_OP(bias_add,\nFTM_OP(relu,\nFTM_OP_CALL(relu,\nFTM_OP(conv2d,\n",
    "compiler/kernel/kernel.def": "FTM_KERNEL(conv2d, dense, conv, conv2d)\n",
    "compiler/passes/passes.def": 'FTM_PASS(fold, REWRITE, 0, 0, "")\nFTM_PASS(dce, GENERAL, 0, 0, "")\n',
    "compiler/lang/layers.def": "FTM_CALL(conv2d, LAYER,\nFTM_CALL(group_norm, LAYER,\n",
    "runtime/recipe/calls.def": "FTM_CALL(sgd, OPTIMIZER,\nFTM_CALL(cross_entropy, LOSS,\nFTM_CALL(cosine, SCHEDULE,\n"
                                "FTM_CALL(resize, TRANSFORM,\nFTM_CALL(idx, DATA,\n",
    "runtime/picture/decoders.def": "FTMRT_DECODER(png, \n",
    "runtime/app/commands.def": "APP_COMMAND(selftest, \nAPP_COMMAND(train, \n",
    "compiler/driver/command.def": "FTM_COMMAND(check, \n",
}


def plant(folder, files):
    for path, text in {**TABLES, **files}.items():
        target = pathlib.Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def planted_problems(files):
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, files)
        return list(problems(pathlib.Path(folder), {}))


def self_test():
    for problem in planted_problems(RIGHT):
        yield f"the rule refuses what is right: {problem}"
    for kind, (path, text) in PLANTED.items():
        if len(planted_problems({**RIGHT, path: text})) != 1:
            yield f"a planted {kind} is not found"
    missing = set(KINDS) - set(PLANTED)
    if missing:
        yield f"no counter-example of {sorted(missing)}"
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, RIGHT)
        if len(list(problems(pathlib.Path(folder), {("compiler/schedule/b.c", "relu"): ""}))) != 1:
            yield "an exception that nothing needs is not found"
