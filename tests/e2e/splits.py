"""Which pictures validate: the same ones after others came, went and were renamed; a burst on one side; the split of an earlier
run; small classes."""
import csv
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import check, compile_program, newest_run, run, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    data {
        train = folder("pictures")
        validation = 25%
    }
    transform eval  = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    schedule  = constant()
    epochs = 1
}
"""
rng = np.random.default_rng(3)


def add(path):
    write_png(path, rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))


def parts(program, work):
    """Trains, and gives the part of each picture by its name."""
    said = run(program, "train", "--runs", work, notes=True)
    with open(newest_run(work) / "split.csv") as f:
        rows = list(csv.reader(f))
    check(rows[0] == ["sample", "part"], "split.csv has a head")
    return dict(rows[1:]), said


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    root = work / "pictures"
    for name in ("cat, big", "dog"):
        (root / name).mkdir(parents=True)
        for i in range(40):
            add(root / name / f"{i:02}.png")
    (work / "pictures.ftm").write_text(RECIPE)
    program = compile_program(ftmc, work / "pictures.ftm", work / "program")
    before, _ = parts(program, work / "before")
    check(len(before) == 80 and 8 <= sum(p == "validation" for p in before.values()) <= 32, "about a quarter validates")

    names = sorted(before)
    gone, renamed, copied = names[::7], names[1::7], names[2::7]
    for n in gone:
        (root / n).unlink()
    for n in renamed:
        (root / n).rename((root / n).with_name("x" + n.split("/")[1]))
    for n in copied:
        shutil.copy(root / n, (root / n).with_name("copy" + n.split("/")[1]))
    for i in range(20):
        add(root / "dog" / f"new{i}.png")
    after, _ = parts(program, work / "after")
    now = {n: n.replace("/", "/x") if n in renamed else n for n in names if n not in gone}
    check(all(after[now[n]] == before[n] for n in now), "no picture moved across")
    check(all(after[n.replace("/", "/copy")] == before[n] for n in copied), "a copy is where its picture is")

    shutil.copy(newest_run(work / "before") / "split.csv", work / "old.csv")
    text = RECIPE.replace("        validation = 25%", '        split = "old.csv"')
    (work / "taken.ftm").write_text(text)
    taken = compile_program(ftmc, work / "taken.ftm", work / "taken")
    said = run(taken, "train", code=1)
    check("old.csv: names 24 samples that" in said and "'cat, big/00.png' of line 2 is one" in said, "pictures that are gone are named")
    check("has no line for " in said, "so are those without a line")
    shutil.rmtree(root)
    for name in ("cat, big", "dog"):
        (root / name).mkdir(parents=True)
        for i in range(40):
            add(root / name / f"{i:02}.png")
    again, _ = parts(taken, work / "again")
    check(again == before, "the split of an earlier run is taken, whatever the pictures are now")

    (root / "dog").rename(work / "dogs")
    (root / "dog").mkdir()
    add(root / "dog" / "one.png")
    few, said = parts(program, work / "few")
    check(few["dog/one.png"] == "train", "the only picture of a class trains")
    check("nothing validates 1 of 2 classes: 'dog' has 1 sample" in said, "it is said")
    for name in ("cat, big", "dog"):
        (work / "alone/pictures" / name).mkdir(parents=True)
        add(work / "alone/pictures" / name / "1.png")
    said = run(program, "train", "--data", work / "alone", "--runs", work / "alone/runs", notes=True)
    check("validation = 25% of 2 samples is none: the last epoch will count as the best" in said, "so is that nothing validates")
