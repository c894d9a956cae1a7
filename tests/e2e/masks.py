"""Masks train: an encoder and decoder on pictures of shapes, with class weights and ignored pixels, loss by loss against PyTorch
(stored); what an evaluation and a prediction then say; masks that are mirrored with their pictures; and what does not fit, refused
with what was found and what is expected."""
import json
import pathlib
import sys
import tempfile

import numpy as np

from shapes import IGNORED, pictures
from support import DATA, check, compile_program, newest_run, read_safetensors, relative_difference, run, step_losses

ftmc = sys.argv[1]
TRANSFORM = "transform eval = "
text = (pathlib.Path(__file__).resolve().parent / "masks.ftm").read_text().replace('"data/', f'"{DATA}/')
stored = np.load(DATA / "masks.npz")
images, masks = pictures()


def write_data(folder, x, y):
    folder.mkdir(exist_ok=True)
    np.save(folder / "images.npy", x)
    np.save(folder / "masks.npy", y)
    return folder


def train(program, out, data, *options):
    run(program, "train", "--out", out, "--data", data, *options)
    return read_safetensors(out)


def same(a, b):
    return all(np.array_equal(a[k], b[k]) for k in a)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    data = write_data(work / "data", images, masks)
    (work / "masks.ftm").write_text(text)
    program = compile_program(ftmc, work / "masks.ftm", work / "masks")

    out = work / "one.safetensors"
    train(program, out, data, "--threads", 1, "--runs", work / "runs")
    losses = step_losses(newest_run(work / "runs"))
    worst = np.max(np.abs(losses - stored["losses"]) / stored["losses"])
    check(len(losses) == 20 and worst < 1e-4, f"20 losses within 1e-4 of PyTorch's ({worst:.1e})")
    train(program, work / "three.safetensors", data, "--threads", 3)
    check(out.read_bytes() == (work / "three.safetensors").read_bytes(), "3 threads give the same file")

    told = json.loads(run(program, "eval", "--json", "--weights", out, "--data", data, "--logits", work / "logits.npy"))
    logits = np.load(work / "logits.npy").reshape(len(images), 4, *masks.shape[1:])
    d = relative_difference(logits[:3], stored["logits"])
    check(d < 1e-4, f"logits after training within 1e-4 of PyTorch's ({d:.1e})")
    check(abs(told["loss"] / stored["loss"] - 1) < 1e-4, "eval's loss is PyTorch's")
    counted = masks != IGNORED
    right = np.mean((logits.argmax(1) == masks)[counted])
    check(abs(told["pixel_accuracy"] - right) < 1e-6, f"ignored pixels are neither right nor wrong ({right:.4f} are right)")
    check(abs(right - stored["pixel_accuracy"]) < 1e-3 and right > 0.8, "and most of the others are right, as PyTorch's are")
    check(set(told) == {"samples", "not_finite", "weights", "data", "split", "epoch_chosen_on_it", "loss", "pixel_accuracy"}, "nothing is said of single classes")

    # Without class weights they are all 1, a constant in the code.
    LOSS = "cross_entropy(label_smoothing = 0.1, weight = [0.5, 1, 1, 2], ignore_index = 255)"
    check(LOSS in text, "masks.ftm has class weights")
    (work / "equal.ftm").write_text(text.replace(LOSS, "cross_entropy(ignore_index = 255)"))
    equal = compile_program(ftmc, work / "equal.ftm", work / "equal")
    told = json.loads(run(equal, "eval", "--json", "--weights", out, "--data", data))
    x = logits.astype(np.float64)
    nll = np.log(np.exp(x).sum(1)) - np.take_along_axis(x, np.where(counted, masks, 0)[:, None].astype(int), 1)[:, 0]
    check(abs(told["loss"] / nll[counted].mean() - 1) < 1e-5, "eval's loss is the mean over the pixels that count")

    first = json.loads(run(program, "predict", "--json", "--top", 4, "--weights", out, "--data", data / "images.npy"))[0]
    shares = {o["class"]: o["share"] for o in first["top"]}
    want = np.bincount(logits[0].argmax(0).ravel(), minlength=4) / masks[0].size
    check(all(abs(shares[c] - want[k]) < 1e-6 for k, c in enumerate(["ground", "box", "disc", "stripe"])),
          "a prediction gives the share of each class")

    # All samples are mirrored: the same as mirrored arrays, but not as mirrored pictures with masks left as they were.
    check(text.count(TRANSFORM) == 1, "masks.ftm has a transform")
    (work / "flips.ftm").write_text(text.replace(TRANSFORM, "transform train = resize(16, 16), random_horizontal_flip(p = 1), normalize("
                                                 f"mean = 127, std = 64, scale = 1)\n    {TRANSFORM}"))
    flips = compile_program(ftmc, work / "flips.ftm", work / "flips")
    flipped = train(flips, work / "flips.safetensors", data)
    both = train(program, work / "both.safetensors", write_data(work / "both_data", images[:, :, ::-1], masks[:, :, ::-1]))
    pictures_only = train(program, work / "pictures.safetensors", write_data(work / "pictures_data", images[:, :, ::-1], masks))
    check(same(flipped, both), "masks are mirrored with their pictures")
    check(not same(flipped, pictures_only), "and it matters")

    # A part validates, by the share of right pixels.
    (work / "best.ftm").write_text(text.replace("        test  =", "        validation = 25%\n        split = exact\n        test  ="))
    best = compile_program(ftmc, work / "best.ftm", work / "best")
    said = run(best, "train", "--data", data, "--runs", work / "best_runs")
    check("validation samples 7" in said, "7 of 28 samples validate")
    newest = newest_run(work / "best_runs")
    check((newest / "best.safetensors").exists() and not (newest / "predictions.csv").exists(), "the best epoch is kept")

    def refused(name, labels, *found):
        np.save(write_data(work / name, images, masks) / "masks.npy", labels)
        said = run(program, "train", "--data", work / name, code=1)
        check(all(f in said for f in found), f"refused: {', '.join(found)}")

    refused("class", np.where(masks == IGNORED, 254, masks).astype(np.uint8),
            "label 254 in the mask of image 0 is not a class; the network has 4 classes (0 to 3)", "`ignore_index`")
    refused("size", masks[:, :15], "labels of uint8 [28, 15, 16], expected an integer for each pixel of the images, [N, 16, 16]")
    refused("float", masks.astype(np.float32), "labels of float32 [28, 16, 16], expected an integer for each pixel")
