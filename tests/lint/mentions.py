"""Where the C of compiler/ and runtime/ may name an op, a layer, an optimizer, ...: in its row, its file and its kernel rows.

`problems(root)` yields what breaks that; `self_test()` plants a counter-example of each kind in a small tree of its own and
fails if one is not found. Everything allowed beyond the rule stands below with its reason.
"""
import pathlib
import re
import tempfile

# Ops that are the graph's own structure.
STRUCTURAL = {
    "input": "a function's operands",
    "state": "a leaf that reads the program's table of states",
    "constant": "a leaf whose value is an attribute",
    "relayout": "the copy between layouts, which the layout pass inserts",
    "reshape": "the view that renames dimensions",
}
# An op that one file may name, and no other outside the rule.
SPECIAL = {
    ("compiler/passes/backward.c", "add"): "the sum of the gradients of a value that is read several times",
}
# Names that are words of their own where they stand as strings.
WORDS = {
    "input": "a role in tables and texts",
    "state": "a keyword of the text form",
    "data": "a block of the language",
    "transform": "a block of the language",
    "finetune": "a block of the language",
    "train": "an entry's name", "eval": "an entry's name", "predict": "an entry's name",
    "step": "a column of logs",
    "default": "the initial value that a layer has by itself",
    "explain": "a heading of its own report", "map": "a heading of its own report",
    "folder": "a word of messages",
    "add": "the operator + of the language",
}
# Places that still break the rule: (file, name). To be emptied, never filled.
KNOWN = {
    ("compiler/bind/lower.c", "cross_entropy"): "the loss is built by name",
    ("compiler/codegen/kernel_update.c", "sgd_plain"): "the update's kernel tells its two ops apart",
    ("compiler/kernel/gather.c", "conv2d_grad_input"): "the gradient's window runs the other way",
    ("compiler/passes/backward.c", "sgd"): "updates are built by name",
    ("compiler/passes/backward.c", "sgd_plain"): "updates are built by name",
    ("compiler/schedule/const_plan.c", "*"): "what derive.def can compute is listed again",
    ("compiler/schedule/memory_plan.c", "stat_row"): "a view of one row of its operand",
    ("compiler/graph/text_read.c", "sgd"): "the text form's optimizer is a word of its grammar",
}


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)


class Tree:
    """The tables of a tree: what is named in it, and which files belong to each name."""

    def __init__(self, root):
        self.root = root
        self.files = {str(p.relative_to(root)): without_comments(p.read_text())
                      for d in ("compiler", "runtime") for p in sorted((root / d).rglob("*.[chly]"))}
        self.ops = set(self.rows("compiler/ops/ops.def", "FTM_OP"))
        self.kernels = re.findall(r"^FTM_KERNEL\((\w+),\s*\w+,\s*(\w+),\s*(\w+)", self.text("compiler/kernel/kernel.def"), re.M)
        self.rewrites = re.findall(r"^FTM_PASS\((\w+),\s*REWRITE", self.text("compiler/passes/passes.def"), re.M)
        self.calls = {name for table, macro in (("runtime/recipe/calls.def", "FTM_CALL"), ("compiler/lang/layers.def", "FTM_CALL"),
                                                ("compiler/ops/ops.def", "FTM_OP_CALL"), ("runtime/app/decoders.def", "APP_DECODER"),
                                                ("runtime/app/commands.def", "APP_COMMAND"), ("runtime/app/metrics.def", "APP_METRIC"),
                                                ("compiler/driver/command.def", "FTM_COMMAND"))
                      for name in self.rows(table, macro)}

    def text(self, path):
        return (self.root / path).read_text() if (self.root / path).exists() else ""

    def rows(self, path, macro):
        return re.findall(rf"^{macro}\((\w+)", self.text(path), re.M)

    def is_home(self, path, name):
        """Whether the file is the op's, one of its kernel rows', or that of a layer, loss or optimizer that is made of ops."""
        folder, stem = str(pathlib.Path(path).parent), pathlib.Path(path).stem
        if folder == "compiler/ops":  # an op's file builds its gradient of other ops
            return stem in self.ops or bool(re.search(rf"\b\w+_{name}\(", self.files[path]))
        if folder == "compiler/passes":
            return stem in self.rewrites
        if folder in ("compiler/lang", "compiler/bind"):
            return stem.split("_")[0] in ("layer", "loss", "optimizer") and "_" in stem
        return any(op == name and re.search(rf"\b(kernel_{family}|facts_{facts})\s*=", self.files[path])
                   for op, facts, family in self.kernels)

    def is_file_of(self, path, name):
        """Whether the file's own name says that it is the thing's."""
        parts = pathlib.Path(path).stem
        return parts == name or parts.endswith(f"_{name}") or parts.startswith(f"{name}_")


def allowed(tree, path, name, known):
    return any(k in known for k in ((path, name), (path, "*"))) or (path, name) in SPECIAL or tree.is_home(path, name)


def problems(root, known=None):
    known = KNOWN if known is None else known
    tree = Tree(root)
    for path, text in tree.files.items():
        for name in sorted(set(re.findall(r"\bOP_([a-z]\w*)", text)) & tree.ops):
            if name not in STRUCTURAL and not allowed(tree, path, name, known):
                yield f"{path}: names OP_{name}, which is neither its file, nor one of its kernels, nor a rewrite"
        for name in sorted(set(re.findall(r'"(\w+)"', text)) & (tree.ops | tree.calls)):
            if name not in WORDS and name not in STRUCTURAL and not allowed(tree, path, name, known) and \
                    not tree.is_file_of(path, name):
                yield f'{path}: names "{name}", which has a row and a file of its own'


PLANTED = {  # kind: a file that breaks the rule
    "op": ("compiler/schedule/a.c", "int f(void) { return OP_relu; }"),
    "op in a general pass": ("compiler/passes/dce.c", "int f(void) { return OP_relu; }"),
    "op as a string": ("compiler/graph/a.c", 'const char *s = "relu";'),
    "layer": ("compiler/driver/a.c", 'const char *s = "conv2d";'),
    "optimizer": ("compiler/bind/a.c", 'const char *s = "sgd";'),
    "loss": ("runtime/app/a.c", 'const char *s = "cross_entropy";'),
    "schedule": ("runtime/app/b.c", 'const char *s = "cosine";'),
    "transform": ("runtime/app/c.c", 'const char *s = "resize";'),
    "source": ("compiler/lang/a.c", 'const char *s = "idx";'),
    "decoder": ("runtime/app/d.c", 'const char *s = "png";'),
    "command": ("compiler/driver/b.c", 'const char *s = "check";'),
    "kernel of another op": ("compiler/codegen/kernel_pool.c", "struct kernel_family kernel_pool = {0}; int f = OP_relu;"),
}
RIGHT = {  # files that keep it
    "compiler/ops/relu.c": 'int f(void) { return OP_relu; } const char *s = "relu";',
    "compiler/passes/fold.c": "int f(void) { return OP_relu; }",
    "compiler/codegen/kernel_conv.c": 'struct kernel_family kernel_conv2d = {0}; int f = OP_conv2d; const char *s = "conv2d";',
    "compiler/schedule/b.c": "/* OP_relu */ int f(void) { return OP_input; }",
    "runtime/app/source_idx.c": 'const char *s = "idx";',
}
TABLES = {
    "compiler/ops/ops.def": "FTM_OP(input,\nFTM_OP(relu,\nFTM_OP(conv2d,\n",
    "compiler/kernel/kernel.def": "FTM_KERNEL(conv2d, dense, conv, conv2d)\n",
    "compiler/passes/passes.def": 'FTM_PASS(fold, REWRITE, 0, 0, "")\nFTM_PASS(dce, GENERAL, 0, 0, "")\n',
    "compiler/lang/layers.def": "FTM_CALL(conv2d, LAYER,\n",
    "runtime/recipe/calls.def": "FTM_CALL(sgd, \nFTM_CALL(cross_entropy, \nFTM_CALL(cosine, \nFTM_CALL(resize, \nFTM_CALL(idx, \n",
    "runtime/app/decoders.def": "APP_DECODER(png, \n",
    "compiler/driver/command.def": "FTM_COMMAND(check, \n",
}


def planted_problems(files):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**TABLES, **files}.items():
            target = pathlib.Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return list(problems(pathlib.Path(folder), known={}))


def self_test():
    for problem in planted_problems(RIGHT):
        yield f"the rule refuses what is right: {problem}"
    for kind, (path, text) in PLANTED.items():
        if not planted_problems({**RIGHT, path: text}):
            yield f"a planted {kind} is not found"
