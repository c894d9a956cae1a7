"""What `eval --mistakes` lists and `eval --tta flip` averages, by the same in numpy."""
import csv
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
labels = np.load(DATA / "small_labels.npy").astype(int)
images = np.load(DATA / "small_images.npy")
CLASSES = "abcde"


def softmax(z):
    p = np.exp(z.astype(np.float64) - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def likely(p, labels):
    """The confident joint: the likeliest of the classes that reach the mean probability of the samples with that label."""
    least = np.array([p[labels == k, k].mean() for k in range(p.shape[1])])
    reached = np.where(p >= least, p, -1)
    return [k if reached[i, k] > 0 and k != labels[i] else None for i, k in enumerate(reached.argmax(1))]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    wrong = labels.copy()
    wrong[::6] = (wrong[::6] + 2) % 5  # what was learnt right is labelled wrong in the test
    np.save(work / "wrong.npy", wrong)
    test = f'        test = npy(images = "{DATA}/small_images.npy", labels = "wrong.npy")\n'
    (work / "small.ftm").write_text("".join(test if "  test  =" in line else line for line in text.splitlines(True)))
    program = compile_program(ftmc, work / "small.ftm", work / "small_training")
    run(program, "train", "--epochs", 40, "--lr", 0.05)
    table, logits = work / "mistakes.csv", work / "logits.npy"
    told = json.loads(run(program, "eval", "--json", "--mistakes", table, "--logits", logits))
    p = softmax(np.load(logits))
    should = likely(p, wrong)
    lead = np.where(np.arange(5) == wrong[:, None], 0, p).max(1) - p[np.arange(len(p)), wrong]
    listed = [i for i in np.argsort(-lead, kind="stable") if p[i].argmax() != wrong[i] or should[i] is not None]
    rows = list(csv.DictReader(table.open()))
    check([int(r["sample"]) for r in rows] == listed and rows, f"{len(rows)} samples, the widest lead first")
    check(all(r["label"] == CLASSES[wrong[i]] and r["predicted"] == CLASSES[p[i].argmax()] for r, i in zip(rows, listed)), "label and answer")
    check(all(abs(float(r["confidence"]) - p[i].max()) < 1e-5 and abs(float(r["lead"]) - lead[i]) < 1e-5 for r, i in zip(rows, listed)), "how sure it is")
    check([r["likely_label"] for r in rows] == ["" if should[i] is None else CLASSES[should[i]] for i in listed], "what the label should be")
    check(told["likely_wrong_labels"] == sum(k is not None for k in should), "and how many there are")
    found = {int(r["sample"]) for r in rows if r["likely_label"]}
    check(len(found & set(range(0, len(wrong), 6))) >= 4, f"most of those that were made wrong are found: {sorted(found)}")

    # Mirror images.
    flipped, straight, mean = work / "flipped.npy", work / "straight.npy", work / "mean.npy"
    np.save(work / "mirrored.npy", images[:, :, :, ::-1])
    run(program, "predict", "--data", work / "mirrored.npy", "--logits", flipped)
    run(program, "predict", "--data", DATA / "small_images.npy", "--logits", straight)
    kept = newest_run(work / "runs") / "test.json"
    before = kept.read_bytes()
    both = json.loads(run(program, "eval", "--json", "--tta", "flip", "--logits", mean))
    want = (softmax(np.load(straight)) + softmax(np.load(flipped))) / 2
    check(np.allclose(softmax(np.load(mean)), want, atol=1e-6), "the mean of the probabilities of both")
    check(abs(both["nll"] + np.log(want[np.arange(len(want)), wrong]).mean()) < 1e-5, "by which it is measured")
    check(abs(both["accuracy"] - (want.argmax(1) == wrong).mean()) < 1e-9, "and answered")
    check(not np.allclose(want, p, atol=1e-3), "which is another than of one")
    check(kept.read_bytes() == before, "a run keeps no such figures")
    check("--tta takes flip, not 'crop'" in run(program, "eval", "--tta", "crop", code=1), "other words are refused")
    check("leave --tta out" in run(program, "eval", "--tta", "flip", "--precision", 0.9, code=1), "no threshold is chosen by what predict does not do")
    check("nowhere" in run(program, "eval", "--mistakes", work / "nowhere/m.csv", code=1), "a table that cannot be written, too")
