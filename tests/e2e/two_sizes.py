"""Training at one size of image, evaluation at another, over one set of parameters (Touvron et al. 2019): EfficientNet-Lite0 on
a few hundred digits. Each half is to the bit what a recipe of that size alone gives."""
import csv
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import CACHE, check, compile_program, newest_run, read_safetensors, run, step_losses

RECIPE = f"""
import "efficientnet_lite0.ftm"
finetune sizes {{
    model   = efficientnet_lite0()
    weights = "{CACHE}/efficientnet-lite0.pth"
    replace _fc with linear(classes)
    freeze all
    train _fc, _conv_head, _bn1
    classes = 10
    data {{
        train      = npy(images = "train.npy", labels = "train_labels.npy")
        validation = npy(images = "other.npy", labels = "other_labels.npy")
    }}
    transform train = resize(TRAIN, TRAIN), to_rgb(), normalize(mean = 127, std = 128, scale = 1)
    transform eval  = resize(EVAL, EVAL), to_rgb(), normalize(mean = 127, std = 128, scale = 1)
    optimizer = sgd(lr = 0.01, momentum = 0.9)
    schedule  = constant()
    epochs  = 1
    batch   = 16
}}
"""
ftmc = sys.argv[1]


def digits(first, count):
    """Some of the MNIST digits (idx3-ubyte: a head of 16 bytes, then 28 x 28 pixels each) and their labels."""
    images = np.fromfile(CACHE / "t10k-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.fromfile(CACHE / "t10k-labels-idx1-ubyte", np.uint8, offset=8)
    return images[first:first + count], labels[first:first + count].astype(np.int32)


def build(work, name, train, eval_, *options, edit=("", "")):
    text = RECIPE.replace("TRAIN", str(train)).replace("EVAL", str(eval_)).replace("finetune sizes", f"finetune {name}")
    (work / f"{name}.ftm").write_text(text.replace(*edit) if edit[0] else text)
    return compile_program(ftmc, work / f"{name}.ftm", work / name, *options)


def train(work, program, name, *options):
    run(program, "train", "--runs", work / f"runs_{name}", *options)
    return newest_run(work / f"runs_{name}")


def evaluate(program, weights, logits):
    return json.loads(run(program, "eval", "--json", "--weights", weights, "--logits", logits))


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, (images, labels) in {"train": digits(0, 96), "other": digits(96, 40)}.items():
        np.save(work / f"{name}.npy", images)
        np.save(work / f"{name}_labels.npy", labels)
    both, small, large = build(work, "both", 40, 56), build(work, "small", 40, 40), build(work, "large", 56, 56)
    told = run(both, "info")
    check("image [3, 56, 56]" in told and "image [3, 40, 40]" in told, "info says both sizes")
    check(json.loads(run(both, "info", "--json"))["input_train"] == [3, 40, 40], "in JSON, too")

    of_both, of_small = train(work, both, "both"), train(work, small, "small")
    last = of_both / "last.safetensors"
    check(step_losses(of_both).tobytes() == step_losses(of_small).tobytes(), "steps are those of the small size")
    check(np.all(np.diff(step_losses(of_both)[[0, -1]]) < 0), "it learns")

    ours = evaluate(both, last, work / "both.npy")
    theirs = evaluate(large, last, work / "large.npy")
    check((work / "both.npy").read_bytes() == (work / "large.npy").read_bytes(), "eval is that of the large size")
    smaller = evaluate(small, last, work / "small.npy")
    check((work / "both.npy").read_bytes() != (work / "small.npy").read_bytes(), "and not that of the small one")
    with open(of_both / "metrics.csv") as f:
        validated = float(list(csv.DictReader(f))[-1]["validation_loss"])
    check(ours["loss"] == theirs["loss"] and abs(validated - ours["loss"]) <= 1e-6 * ours["loss"] != smaller["loss"],
          "validation while training is at the size of evaluation")
    run(both, "selftest", "--weights", last)

    cut = build(work, "cut", 40, 56, "-D", "data.cache=memory")
    ours, theirs = read_safetensors(last), read_safetensors(train(work, cut, "cut") / "last.safetensors")
    check(ours.keys() == theirs.keys() and all(ours[k].tobytes() == theirs[k].tobytes() for k in ours),
          "the frozen prefix is cut for the size of training")
    evaluate(cut, last, work / "cut.npy")
    check((work / "both.npy").read_bytes() == (work / "cut.npy").read_bytes(), "evaluation goes without")

    # Float images are inputs as they are: of the size of the entry that takes them.
    np.save(work / "train.npy", np.random.default_rng(1).standard_normal((96, 3, 40, 40)).astype(np.float32))
    np.save(work / "other.npy", np.zeros((40, 3, 56, 56), np.float32))
    train(work, both, "float", "--steps", 1)
    share = build(work, "share", 40, 56, edit=('npy(images = "other.npy", labels = "other_labels.npy")', "25%"))
    check("validation takes 56 x 56" in run(share, "train", "--steps", 1, code=1), "a share of them cannot validate")
    np.save(work / "other.npy", np.zeros((40, 3, 40, 40), np.float32))
    check("must be [N, 3, 56, 56]" in run(both, "train", "--steps", 1, code=1), "nor can a source of the other size")
