"""Labels from a table: any number of classes in a cell, a column per class, numbers; from `check` over training, evaluation and
prediction to a library; and tables that are not as they should be, refused with their lines."""
import csv
import io
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import check, compile_program, newest_run, read_safetensors, run, write_png

ftmc = sys.argv[1]
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
    for f, y in zip(files, yes):
        write_png(work / f, (rng.integers(0, 70, (8, 8, 3)) + 130 * y).astype(np.uint8))
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

    # A list of labels that says which there are.
    p = program("unknown", 'csv("tags.csv", label = "tags")', 'labels = ["red", "Green", "blue"]\n    ' + BCE)
    said = run(p, "train", code=1)
    check("the program has no class 'green'; it has 3: 'red', 'Green', 'blue'" in said and "differ in case" in said, "names that the program has not")
    p = program("few", 'csv("columns.csv", label = ["red", "green"])', 'labels = ["red", "green", "blue"]\n    ' + BCE)
    check("no column of `label` is 'blue', which the program has" in run(p, "train", code=1), "a class without a column")
    said, _ = train(program("more", 'csv("tags.csv", label = "tags")', 'labels = ["red", "green", "blue", "grey"]\n    ' + BCE), "--epochs", 1)
    check("no sample trains 'grey'" in said, "a class without a sample")

    # A library gives each label's probability; PyTorch has the same table.
    run(ftmc, work / "tags.ftm", "--emit=lib", "-o", work / "lib")
    run(ftmc, work / "tags.ftm", "--emit=pytorch", "-o", work / "tags.py")
    check('label="tags", kind="vector"' in (work / "tags.py").read_text(), "PyTorch's table has them, too")

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
