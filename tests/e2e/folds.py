"""train --folds: each sample validates once, copies stay together, what the folds came to, and the last training on everything. folds.py FTMC"""
import csv
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import DATA, both, check, compile_program, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
recipe = (here / "small.ftm").read_text().replace('"data/small.safe', f'"{DATA}/small.safe').replace('"data/small_images.npy"', '"images.npy"').replace(
    '"data/small_labels.npy"', '"labels.npy"')


def sides(folder):
    with open(folder / "split.csv") as f:
        return {row[0]: row[1] for row in list(csv.reader(f))[1:]}


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    images, labels = np.load(DATA / "small_images.npy"), np.load(DATA / "small_labels.npy")
    copies = [0, 7, 13]  # which stay with their originals
    np.save(work / "images.npy", np.concatenate([images, images[copies]]))
    np.save(work / "labels.npy", np.concatenate([labels, labels[copies]]))
    (work / "small.ftm").write_text(recipe)
    program = compile_program(ftmc, work / "small.ftm", work / "small")
    said = run(program, "train", "--folds", 4, "--epochs", 3, "--out", work / "all.safetensors")
    runs = sorted((work / "runs").glob("small_training-*"))
    records = [json.loads((r / "run.json").read_text()) for r in runs]
    check(len(runs) == 5 and [r["trial"] for r in records] == [True] * 4 + [False], "four folds, which are trials, and a last run")
    parts = [sides(r) for r in runs[:4]]
    count = len(labels) + len(copies)
    validates = {str(i): [p.get(str(i)) for p in parts].count("validation") for i in range(count)}
    check(set(validates.values()) == {1}, f"each of the samples validates once {validates}")
    check(all(p[str(len(labels) + i)] == p[str(k)] for p in parts for i, k in enumerate(copies)), "a copy is where its original is")
    sizes = [sum(side == "validation" for side in p.values()) for p in parts]
    check(max(sizes) - min(sizes) <= 5, f"the folds are about as large {sizes}")
    check(not (runs[4] / "split.csv").exists() and (work / "all.safetensors").read_bytes() == (runs[4] / "best.safetensors").read_bytes(), "the last one has everything")
    best = [r["best"] for r in records[:4]]
    accuracies = np.array([b["validation_accuracy"] for b in best])
    epochs = max(1, int(np.mean([b["epoch"] for b in best]) + 0.5))
    check(f"--epochs={epochs}" in records[4]["command"] and "--folds" not in str(records[4]["command"]), f"it lasts {epochs} epochs")
    found = re.search(r"4 folds: accuracy ([\d.]+) %, standard error ([\d.]+)", said)
    check(found and abs(float(found[1]) - 100 * accuracies.mean()) < 0.01 * accuracies.mean() * 100, f"the mean accuracy, {100 * accuracies.mean():.2f} %")
    check(abs(float(found[2]) - 100 * accuracies.std(ddof=1) / 2) < 0.06 * 100 * accuracies.std(ddof=1) / 2 + 1e-9, "and its standard error")
    again = run(program, "train", "--fold", "2/4", "--epochs", 3)
    check(sides(sorted((work / "runs").glob("small_training-*"))[5]) == parts[1], "a fold by itself is the same part")
    for options, words in ((("--folds", 4, "--steps", 3), "it cannot be given with --steps"), (("--folds", 1), "--folds takes"), (("--fold", "5/4"), "write a part and how many"),
                           (("--fold", "x"), "write a part and how many")):
        status = 1 if "write a part" in words else 2
        check(words in both(program, "train", *options, code=status)[1], f"{options} is refused")
