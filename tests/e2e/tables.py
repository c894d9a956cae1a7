"""Labels from a table: any number of classes in a cell, a column per class, numbers; from `check` over training, evaluation and
prediction to a library; and tables that are not as they should be, refused with their lines."""
import csv
import ctypes
import io
import json
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import check, compile_program, kill_at, log_lines, metadata, newest_run, read_safetensors, run, write_png

ftmc = sys.argv[1]
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
NAMES = ["red", "green", "blue"]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 3) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}
finetune colours {
    model   = tiny(classes)
    weights = random
    SETTINGS
    data {
        train = SOURCE
        validation = 25%
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = adam(lr = 0.02)
    epochs = 10
}
"""
BCE = "loss = binary_cross_entropy_with_logits"


def write_recipe(name, source, settings=BCE):
    (work / f"{name}.ftm").write_text(RECIPE.replace("SOURCE", source).replace("SETTINGS", settings))
    return work / f"{name}.ftm"


def program(name, source, settings=BCE):
    return compile_program(ftmc, write_recipe(name, source, settings), work / name)


def train(p, *options):
    said = run(p, "train", "--runs", work / f"{p.name}_runs", *options, notes=True)
    return said, newest_run(work / f"{p.name}_runs")


def same_weights(a, b):
    a, b = (read_safetensors(f / "last.safetensors") for f in (a, b))
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def average_precision(scores, yes):
    """As scikit-learn's: precision at each yes in the order of the scores, equal ones at once."""
    total, before = 0.0, 0
    for s in sorted(set(scores), reverse=True):
        right = int(yes[scores >= s].sum())
        total += (right - before) * right / int((scores >= s).sum())
        before = right
    return total / yes.sum()


def library_answer(recipe, weights, pixels):
    """What the library of a recipe with the weights of a run says of a picture: name to number."""
    folder = work / f"{recipe.stem}_library"
    run(ftmc, recipe, "--emit=lib", "-o", folder, f"--weights={weights}")
    if sanitized:  # such a library wants its sanitizer to be loaded first
        return None
    name = next(folder.glob("lib*.so")).stem[3:]
    library, header = ctypes.CDLL(folder / f"lib{name}.so"), (folder / f"{name}.h").read_text()
    call = {f: getattr(library, f"{name}_{f}") for f in ("workspace_size", "class_name", "model_open", "init", "predict_u8")}
    call["workspace_size"].restype, call["class_name"].restype = ctypes.c_size_t, ctypes.c_char_p
    constants = {k: int(v) for k, v in re.findall(rf"#define {name.upper()}_(\w+) (\d+)", header)}
    model, context = (ctypes.c_uint64 * 32)(), ctypes.c_void_p()
    check(call["model_open"](model, ctypes.c_uint32(constants["ABI_VERSION"]), None, ctypes.c_size_t(0)) == 0, f"library of {recipe.stem}")
    size = call["workspace_size"](model, None)
    memory = ctypes.create_string_buffer(size + constants["ALIGNMENT"])
    at = ctypes.byref(memory, -ctypes.addressof(memory) % constants["ALIGNMENT"])
    check(call["init"](model, None, at, ctypes.c_size_t(size), ctypes.byref(context)) == 0, "it begins")
    out, (height, width, channels) = (ctypes.c_float * constants["OUTPUTS"])(), pixels.shape
    sizes = [ctypes.c_int64(n) for n in (width, height, width * channels)]
    check(call["predict_u8"](context, np.ascontiguousarray(pixels).ctypes.data_as(ctypes.c_void_p), *sizes, 1, out) == 0, "it predicts")
    return {call["class_name"](model, ctypes.c_int64(k)).decode(): v for k, v in enumerate(out)}


def table(name, head, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    (work / name).write_text(text.getvalue())


def refused(what, text, source, wanted, settings=BCE):
    (work / "bad.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    said = run(ftmc, "check", write_recipe("bad", source, settings), code=1)
    check(all(w in said for w in wanted), f"{what}: {wanted[0]}")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(4)
    (work / "pictures").mkdir()
    yes = rng.integers(0, 2, (120, 3))
    files = [f"pictures/{i}.png" for i in range(120)]
    pixels_of = [(rng.integers(0, 70, (8, 8, 3)) + 130 * y).astype(np.uint8) for y in yes]
    for f, pixels in zip(files, pixels_of):
        write_png(work / f, pixels)
    table("tags.csv", ["path", "tags"], [[f, " ; ".join(n for n, v in zip(NAMES, y) if v)] for f, y in zip(files, yes)])
    table("columns.csv", ["path", *NAMES], [[f, *y] for f, y in zip(files, yes)])

    # Any number of classes in a cell.
    recipe = write_recipe("tags", 'csv("tags.csv", label = "tags")')
    resolved = run(ftmc, "check", "--resolved", recipe)
    check('labels = ["blue", "green", "red"]' in resolved and 'label = "tags", kind = vector' in resolved, "the classes are the sorted names")
    (work / "again.ftm").write_text(RECIPE.split("finetune")[0] + resolved.split("\n\n", 1)[1])
    check(run(ftmc, "check", "--resolved", work / "again.ftm").split("\n\n", 1)[1] == resolved.split("\n\n", 1)[1], "what is resolved reads back")
    tags = compile_program(ftmc, recipe, work / "tags")
    said, folder = train(tags, "--threads", 1)
    none = int((yes.sum(1) == 0).sum())
    check("training samples have no label" in said and "classes blue " in said, "classes are counted, and samples without any")
    told = json.loads(run(tags, "eval", "--json", "--runs", work / "tags_runs", "--logits", work / "x.npy"))
    split = [l.rsplit(",", 1) for l in (folder / "split.csv").read_text().splitlines()[1:]]
    held = [files.index(f) for f, part in split if part == "validation"]
    logits, wanted = np.load(work / "x.npy"), yes[held][:, [2, 1, 0]]
    says, right = logits > 0, (logits > 0) & (wanted == 1)
    f1 = 2 * right.sum(0) / (says.sum(0) + wanted.sum(0))
    ap = [average_precision(logits[:, k], wanted[:, k]) for k in range(3)]
    figures = {"label_accuracy": np.mean(says == wanted), "exact_match": np.mean(np.all(says == wanted, axis=1)), "macro_f1": f1.mean(),
               "mean_average_precision": np.mean(ap)}
    check(all(abs(told[k] - v) < 1e-9 for k, v in figures.items()), f"eval: {', '.join(f'{k} {v:.3f}' for k, v in figures.items())}")
    check(figures["macro_f1"] > 0.8, "it has learnt something")
    rows = told["classes"]
    check([r["class"] for r in rows] == ["blue", "green", "red"] and np.allclose([r["f1"] for r in rows], f1) and np.allclose([r["average_precision"] for r in rows], ap)
          and [r["samples"] for r in rows] == list(wanted.sum(0)), "and of each class")
    text = run(tags, "eval", "--runs", work / "tags_runs")
    check("macro F1" in text and "confusion" not in text and "AP" in text, "its text has them, too")

    # What a prediction says: all answers, or so many.
    shown = [f"{work}/{f}" for f in files[:6]]
    told = json.loads(run(tags, "predict", "--runs", work / "tags_runs", "--json", *shown))
    for t in told:
        p = {x["class"]: x["probability"] for x in t["top"]}
        check(len(p) == 3 and set(t["labels"]) == {c for c in p if p[c] > 0.5}, f"labels {t['labels']} of all probabilities")
    lines = run(tags, "predict", "--runs", work / "tags_runs", *shown).splitlines()
    check(all((": none (" in l) if not t["labels"] else [w.split()[0] for w in l.split(": ")[1].split(", ")] == t["labels"] for l, t in zip(lines, told)), "lines have the answers")
    rows = list(csv.reader(io.StringIO(run(tags, "predict", "--runs", work / "tags_runs", "--csv", "-", *shown))))
    check(rows[0] == ["file", "labels", "blue", "green", "red"] and all(r[1] == ";".join(t["labels"]) for r, t in zip(rows[1:], told)), "a table has them as a table of labels")
    one = json.loads(run(tags, "predict", "--runs", work / "tags_runs", "--json", "--top", 1, *shown))
    check(all(len(t["top"]) == 1 and "labels" not in t for t in one), "--top is so many, whatever they are")

    # The same by columns, in another order, with other words and separators: the same network.
    _, same = train(program("columns", 'csv("columns.csv", label = ["blue", "green", "red"])'))
    check(same_weights(same, folder), "columns in that order give the same network")
    word = {0: "False", 1: "true"}
    (work / "words.csv").write_bytes(b"\xef\xbb\xbf" + "".join(";".join(r) + "\r\n\r\n" for r in
                                     [["path", *NAMES]] + [[f, *(word[int(v)] for v in y)] for f, y in zip(files, yes)]).encode())
    words = program("words", 'csv("words.csv", label = ["blue", "green", "red"])\n        rename "blue" to "azure"')
    check("azure green red" in run(words, "info"), "a column may have another name")
    _, same = train(words)
    check(same_weights(same, folder), "true and false in another table, too")
    _, fresh = train(program("listed", 'csv("tags.csv", label = "tags") + csv("columns.csv", label = ["red", "green", "blue"])', 'labels = ["red", "green", "blue"]\n    ' + BCE), "--epochs", 1)
    check(len((fresh / "split.csv").read_text().splitlines()) == 241, "both kinds of tables are one source")
    _, same = train(tags, "--threads", 3)
    check(same_weights(same, folder), "three threads give the same network")

    # best = macro_f1; skipping a class leaves its samples.
    said, _ = train(program("skips", 'csv("tags.csv", label = "tags")\n        skip "blue"', "best = macro_f1\n    " + BCE))
    check("training samples 9" in said or "training samples 8" in said, "a skipped class leaves the pictures")
    check("classes green" in said and "blue" not in said, "and is none")

    # Thresholds that suit each class, of the epoch that is kept; every answer goes by them.
    recipe = write_recipe("suited", 'csv("tags.csv", label = "tags")', "thresholds = f1\n    best = macro_f1\n    " + BCE)
    suited = compile_program(ftmc, recipe, work / "suited")
    options = ["--epochs", 6, "--checkpoint-every", 1]
    _, whole = train(suited, *options)
    told = json.loads(run(suited, "eval", "--json", "--runs", work / "suited_runs", "--logits", work / "x.npy"))
    logits, above = np.load(work / "x.npy").astype(np.float64), np.array([r["threshold"] for r in told["classes"]])
    f1 = [2 * (wanted[s, k].sum()) / (s.sum() + wanted[:, k].sum()) for k in range(3) for s in [1 / (1 + np.exp(-logits[:, k])) > above[k]]]
    best = [max(2 * wanted[s, k].sum() / (s.sum() + wanted[:, k].sum()) for t in logits[:, k] for s in [logits[:, k] >= t]) for k in range(3)]
    check(np.allclose(f1, best) and np.allclose([r["f1"] for r in told["classes"]], best) and np.any(above != 0.5), f"thresholds {above.round(3)} have the best F1")
    check(np.allclose([float(t) for t in metadata(whole / "best.safetensors")["thresholds"].split(",")], above), "the trained file has them")
    shown = [work / files[i] for i in held]
    given = [t["labels"] for t in json.loads(run(suited, "predict", "--runs", work / "suited_runs", "--json", *shown))]
    check(all(set(g) == {n for n, x, t in zip(["blue", "green", "red"], row, above) if 1 / (1 + np.exp(-x)) > t} for g, row in zip(given, logits)), "predictions go by them")
    infer = compile_program(ftmc, recipe, work / "suited_infer", "--infer", f"--weights={whole}")
    check([t["labels"] for t in json.loads(run(infer, "predict", "--json", *shown))] == given, "those of a program that only predicts, too")
    killed = work / "killed_suited" / whole.name
    kill_at([suited, "train", *options, "--runs", killed.parent], killed / "log.jsonl", 8, 0.001)
    run(suited, "train", "--resume", killed)
    check(all((killed / f).read_bytes() == (whole / f).read_bytes() for f in ("last.safetensors", "best.safetensors")), "a run that was killed ends with the same")
    plain = newest_run(work / "tags_runs")
    check(not metadata(plain / "best.safetensors")["thresholds"], "without them there are none")

    # A list of labels that says which there are.
    p = program("unknown", 'csv("tags.csv", label = "tags")', 'labels = ["red", "Green", "blue"]\n    ' + BCE)
    said = run(p, "train", code=1)
    check("the program has no class 'green'; it has 3: 'red', 'Green', 'blue'" in said and "differ in case" in said, "names that the program has not")
    p = program("few", 'csv("columns.csv", label = ["red", "green"])', 'labels = ["red", "green", "blue"]\n    ' + BCE)
    check("no column of `label` is 'blue', which the program has" in run(p, "train", code=1), "a class without a column")
    said, _ = train(program("more", 'csv("tags.csv", label = "tags")', 'labels = ["red", "green", "blue", "grey"]\n    ' + BCE), "--epochs", 1)
    check("no sample trains 'grey'" in said, "a class without a sample")

    # A library gives each label's probability; PyTorch has the same table.
    told = json.loads(run(tags, "predict", "--runs", work / "tags_runs", "--json", work / files[0]))[0]["top"]
    given = library_answer(work / "tags.ftm", folder, pixels_of[0])
    check(sanitized or all(abs(given[x["class"]] - x["probability"]) < 1e-6 for x in told), "a library gives the same probabilities")
    run(ftmc, work / "tags.ftm", "--emit=pytorch", "-o", work / "tags.py")
    check('label="tags", kind="vector"' in (work / "tags.py").read_text(), "PyTorch's table has them, too")

    # Numbers, in the data's units wherever they are told.
    prices, weights = np.array([1000 + 10 * p.mean() for p in pixels_of]), yes.sum(1) * 1e-3
    table("prices.csv", ["path", "price", "weight"], [[f, f"{a:.4f}", f"{b:g}"] for f, a, b in zip(files, prices, weights)])
    recipe = write_recipe("two", 'csv("prices.csv", label = ["price", "weight"])', "loss = huber")
    check('targets = "standardize"' in run(ftmc, "check", "--resolved", recipe), "numbers of a table are learnt as deviations")
    two = compile_program(ftmc, recipe, work / "two")
    said, folder = train(two, "--epochs", 40)
    split = [l.rsplit(",", 1) for l in (folder / "split.csv").read_text().splitlines()[1:]]
    held, rest = ([files.index(f) for f, part in split if part == name] for name in ("validation", "train"))
    wanted, state = np.stack([prices, weights], 1), read_safetensors(folder / "best.safetensors")
    check(np.allclose(state["targets.offset"], wanted[rest].mean(0)) and np.allclose(state["targets.scale"], wanted[rest].std(0)), "by those that train")
    check("'price' has the mean" in said, "which is said")
    told = json.loads(run(two, "eval", "--json", "--runs", work / "two_runs", "--logits", work / "x.npy"))
    given, true = np.load(work / "x.npy").astype(np.float64), wanted[held].astype(np.float32).astype(np.float64)
    errors = given - true
    r2 = 1 - (errors**2).sum(0) / ((true - true.mean(0)) ** 2).sum(0)
    figures = {"rmse": np.sqrt(np.mean(errors**2)), "mae": np.mean(np.abs(errors)), "r2": r2.mean()}
    check(all(abs(told[k] / v - 1) < 1e-6 for k, v in figures.items()) and r2.min() > 0.9, f"eval: {', '.join(f'{k} {v:.4f}' for k, v in figures.items())}")
    check(np.allclose([o["r2"] for o in told["outputs"]], r2) and np.allclose([o["mae"] for o in told["outputs"]], np.abs(errors).mean(0)), "and of each output")
    own = errors / state["targets.scale"]
    check(abs(told["loss"] / np.mean(np.where(np.abs(own) < 1, own**2 / 2, np.abs(own) - 0.5)) - 1) < 1e-3, "the loss is of deviations")
    told = json.loads(run(two, "predict", "--runs", work / "two_runs", "--json", *(work / files[i] for i in held[:5])))
    check(np.allclose([[o["value"] for o in t["outputs"]] for t in told], given[:5]), "predict gives the numbers")
    infer = compile_program(ftmc, recipe, work / "two_infer", "--infer", f"--weights={folder}")
    run(infer, "predict", "--logits", work / "y.npy", *(work / files[i] for i in held))
    check(np.array_equal(np.load(work / "y.npy"), np.load(work / "x.npy")), "as a program that only predicts does, bit for bit")
    answer = library_answer(recipe, folder, pixels_of[held[0]])
    check(sanitized or np.allclose([answer["price"], answer["weight"]], given[0]), "and a library")

    # A second training goes on in the same units; outputs go by their names.
    again = compile_program(ftmc, write_recipe("again", 'csv("prices.csv", label = ["weight", "price"])', "loss = huber"), work / "again", f"--weights={folder}")
    turned = json.loads(run(again, "predict", "--runs", work / "none", "--json", work / files[held[0]]))[0]["outputs"]
    check([o["output"] for o in turned] == ["weight", "price"] and np.allclose([o["value"] for o in turned], given[0][::-1]), "outputs in another order keep their rows")
    said, _ = train(again, "--epochs", 1)
    check("goes on in the units that the weights came with" in said, "in the units of the first")
    run(two, "train", "--from", folder, "--epochs", 1, "--runs", work / "two_runs")
    check(np.array_equal(read_safetensors(newest_run(work / "two_runs") / "last.safetensors")["targets.offset"], state["targets.offset"]), "--from does so, too")

    # Killed and taken up again, a run ends like one that never stopped.
    options = ["--epochs", 30, "--checkpoint-every", 2]
    _, whole = train(compile_program(ftmc, recipe, work / "whole"), *options)
    killed = work / "killed_runs" / "colours-001"
    kill_at([work / "whole", "train", *options, "--runs", killed.parent], killed / "log.jsonl", 20, 0.001)
    run(work / "whole", "train", "--resume", killed, "--threads", 3)
    check(log_lines(killed) == log_lines(whole) and all((killed / f).read_bytes() == (whole / f).read_bytes() for f in ("last.safetensors", "best.safetensors", "split.csv")),
          "resumed, it ends with the same files")

    # As they are, with a constant column, and by a list of classes.
    raw = program("raw", 'csv("prices.csv", label = "weight")\n        targets = raw', "loss = l1")
    check("targets" not in str(read_safetensors(train(raw)[1] / "last.safetensors").keys()), "raw numbers have no units")
    table("flat.csv", ["path", "price"], [[f, 7] for f in files])
    flat = program("flat", 'csv("flat.csv", label = "price")', "loss = mse")
    said, folder = train(flat, "--epochs", 1)
    check(read_safetensors(folder / "last.safetensors")["targets.scale"] == 1, "a number that is always the same has the deviation 1")
    check(json.loads(run(flat, "eval", "--json", "--runs", work / "flat_runs"))["r2"] is None, "and none of it to explain")
    classes = program("classes", 'csv("tags.csv", label = "path", kind = index)\n        skip "*[1-9].png"', "loss = mse")
    check("pictures/0.png" in run(classes, "info"), "kind = index is a class for such a loss")
    run(ftmc, recipe, "--emit=pytorch", "-o", work / "two.py")
    text = (work / "two.py").read_text()
    check("STANDARDIZE = True" in text and "self.targets = TargetScale(2)" in text, "PyTorch's network has the units, too")

    # Tables that are not as they should be.
    tag, columns, price = 'csv("bad.csv", label = "tags")', 'csv("bad.csv", label = ["a", "b"])', 'csv("bad.csv", label = "price")'
    refused("no labels", "path,tags\nx.png,\ny.png,;\n", tag, ["no cell of column 'tags' has a label"])
    refused("0 and 1", "path,tags\nx.png,0\ny.png,1\n", tag, ["column 'tags' has 0 and 1, a yes or no", 'label = ["tags"]'])
    refused("unquoted", "path;tags\nx.png;a;b\n", tag, ["bad.csv:2: has 3 fields and the first line 2", "need quotes"])
    refused("cells", "path,a,b\nx,1,0\ny,2,0\nz,,1\nw,no,nan\n", columns,
            ["bad.csv:3: 'a' is '2', expected 1 for yes, 0 for no", "bad.csv:4: 'a' is empty", "bad.csv:5: 'a' is 'no'", "bad.csv:5: 'b' is 'nan'"])
    refused("two of one", "path,a,b\nx,1,0\n", columns + '\n        rename "a" to "b"', ["two columns of `label` are 'b'"])
    refused("none left", "path,a,b\nx,1,0\n", columns + '\n        skip "*"', ["no column of `label` is left"])
    refused("a column that is not there", "path,a\nx,1\n", columns, ["bad.csv:1: has no column 'b'; there are: path, a"])
    numbers = "path,price\nx,1.5\ny,nan\nz,inf\nw,1e400\nv,1e39\nu,\nt,\"3,5\"\ns,0x10\nr,cat\n"
    refused("numbers", numbers, price, [f"bad.csv:{line}: 'price' is" for line in range(3, 11)] + ["expected a finite number, with a decimal point", "write `kind = index`"], "loss = mse")
    refused("shares", "path,a,b\nx,0.5,0.5\ny,0.5,0.2\nz,0,1\n", columns, ["bad.csv:3: the shares add up to 0.7, expected 1"], "loss = cross_entropy")
