"""Labels that are vectors, from a recipe's data: numbers with mse, a yes or no for each output with binary cross entropy
(20 steps of each against PyTorch, stored), distributions with cross entropy and kl_div, directions with cosine_embedding; what an
evaluation and a prediction then say; and what does not fit, refused with what was found and what is expected."""
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, relative_difference, run, step_losses

ftmc = sys.argv[1]
LOSS = "cross_entropy(label_smoothing = 0.1)"
small = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')


def recipe(loss, labels):
    """The small recipe with another loss and vectors in another file."""
    kept = f'labels = "{DATA}/small_labels.npy"'
    check(small.count(kept) == 2 and LOSS in small, f"small.ftm with {loss}")
    return small.replace(LOSS, f"{loss}()").replace(kept, f'labels = "{labels}", kind = vector')


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def figures_of_numbers(x, t):
    return {"rmse": np.sqrt(np.mean((x - t) ** 2)), "mae": np.mean(np.abs(x - t)),
            "r2": np.mean(1 - np.sum((x - t) ** 2, axis=0) / np.sum((t - t.mean(0)) ** 2, axis=0))}


def train(work, name, text):
    """Trains with 1 and 3 threads; the program, its trained file and the losses of its steps."""
    (work / f"{name}.ftm").write_text(text)
    program = compile_program(ftmc, work / f"{name}.ftm", work / name)
    one, three = work / f"{name}1.safetensors", work / f"{name}3.safetensors"
    said = run(program, "train", "--out", one, "--threads", 1, "--runs", work / f"{name}_runs")
    run(program, "train", "--out", three, "--threads", 3)
    check(one.read_bytes() == three.read_bytes(), f"{name}: 3 threads give the same file")
    newest = newest_run(work / f"{name}_runs")
    check("accuracy" not in said and "accuracy" not in (newest / "log.jsonl").read_text(), f"{name}: training tells no accuracy")
    check(not (newest / "predictions.csv").exists(), f"{name}: there are no classes to write down")
    return program, one, step_losses(newest)


def against_torch(work, name, loss, labels, figures, more=()):
    stored = np.load(DATA / f"small_{name}.npz")
    program, out, losses = train(work, name, recipe(loss, labels))
    worst = np.max(np.abs(losses - stored["losses"]) / stored["losses"])
    check(len(losses) == 20 and worst < 1e-4, f"{name}: 20 losses within 1e-4 of PyTorch's ({worst:.1e})")
    told = json.loads(run(program, "eval", "--json", "--weights", out, "--logits", work / "logits.npy"))
    logits = np.load(work / "logits.npy")
    d = relative_difference(logits, stored["logits"])
    check(d < 1e-4, f"{name}: logits after training within 1e-4 of PyTorch's ({d:.1e})")
    check(abs(told["loss"] / stored["loss"] - 1) < 1e-4, f"{name}: eval's loss is PyTorch's")
    wanted = figures(logits.astype(np.float64), np.load(labels))
    check(set(told) == {"samples", "not_finite", "weights", "data", "split", "epoch_chosen_on_it", "loss", *wanted, *more}, f"{name}: eval says {', '.join(wanted)}")
    check(all(abs(told[k] - v) < 1e-6 * max(1, abs(v)) for k, v in wanted.items()), f"{name}: eval's figures are those of its logits")
    text = run(program, "eval", "--weights", out)
    check("accuracy" not in text and "confusion" not in text, f"{name}: nor does its text")
    return program, out, logits


def refused(program, file, labels, *found):
    """The labels of a program in another file of the same name, which must not be taken."""
    data = work / f"{program.name}_data"
    data.mkdir(exist_ok=True)
    shutil.copy(DATA / "small_images.npy", data)
    np.save(data / file, labels)
    said = run(program, "train", "--data", data, code=1)
    check(file in said and all(f in said for f in found), f"{program.name}: refused: {', '.join(found)}")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    numbers, yes_no = DATA / "small_targets.npy", DATA / "small_yes_no.npy"

    mse, out, logits = against_torch(work, "mse", "mse", numbers, figures_of_numbers, ["outputs"])
    first = json.loads(run(mse, "predict", "--json", "--weights", out, "--data", DATA / "small_images.npy"))[0]
    check([o["output"] for o in first["outputs"]] == list("abcde"), "a prediction of numbers names all outputs in order")
    check(np.allclose([o["value"] for o in first["outputs"]], logits[0], atol=1e-6), "and gives their values")

    bce, out, logits = against_torch(work, "bce", "binary_cross_entropy_with_logits", yes_no, lambda x, t: {
        "label_accuracy": np.mean((x > 0) == t), "exact_match": np.mean(np.all((x > 0) == t, axis=1))},
        ("classes", "macro_f1", "roc_auc", "mean_average_precision"))
    first = json.loads(run(bce, "predict", "--json", "--top", 5, "--weights", out, "--data", DATA / "small_images.npy"))[0]
    given = {o["class"]: o["probability"] for o in first["top"]}
    check(np.allclose([given[c] for c in "abcde"], 1 / (1 + np.exp(-logits[0])), atol=1e-6), "a prediction gives each label's probability")

    program, out, logits = against_torch(work, "kl_div", "kl_div", DATA / "small_shares.npy", lambda x, t: {})
    first = json.loads(run(program, "predict", "--json", "--top", 5, "--weights", out, "--data", DATA / "small_images.npy"))[0]
    given = {o["class"]: o["probability"] for o in first["top"]}
    check(np.allclose([given[c] for c in "abcde"], softmax(logits[:1])[0], atol=1e-6), "kl_div: a prediction gives the distribution")

    program, out, logits = against_torch(work, "cosine_embedding", "cosine_embedding", numbers, figures_of_numbers, ["outputs"])
    first = json.loads(run(program, "predict", "--json", "--weights", out, "--data", DATA / "small_images.npy"))[0]
    check(np.allclose([o["value"] for o in first["outputs"]], logits[0], atol=1e-6), "cosine_embedding: a prediction gives numbers")

    shares = softmax(np.load(numbers).astype(np.float64))
    np.save(work / "shares.npy", shares)  # float64 is read, too
    shares_program, out, losses = train(work, "shares", recipe("cross_entropy", work / "shares.npy"))
    told = json.loads(run(shares_program, "eval", "--json", "--weights", out, "--logits", work / "logits.npy"))
    want = -np.mean(np.sum(shares * np.log(softmax(np.load(work / "logits.npy").astype(np.float64))), axis=1))
    check(abs(told["loss"] - want) < 1e-6 and losses[-4:].mean() < losses[:4].mean(), "distributions train with cross entropy")

    # The best epoch is the one with the lowest loss; a part of the samples validates.
    text = recipe("mse", numbers).replace("        test  =", "        validation = 30%\n        test  =")
    (work / "best.ftm").write_text(text)
    program = compile_program(ftmc, work / "best.ftm", work / "best")
    said = run(program, "train", "--lr", "0.08", "--epochs", "8", "--runs", work / "best_runs")
    newest = newest_run(work / "best_runs")
    lines = [json.loads(l) for l in (newest / "log.jsonl").read_text().splitlines() if "validation_loss" in l]
    check("validation samples 9" in said and len(lines) == 8, "9 of 30 samples validate")
    best = min(lines, key=lambda l: l["validation_loss"])["epoch"]
    check(b'"epoch":"%d"' % best in (newest / "best.safetensors").read_bytes(), f"epoch {best} with the lowest loss is kept")

    classes = np.load(DATA / "small_labels.npy")
    refused(mse, numbers.name, classes, "labels of int32 [30], expected a number for each of the network's outputs, [N, 5]")
    refused(mse, numbers.name, np.full((30, 5), np.nan, np.float32), "label of image 0: nan, expected a finite number")
    refused(mse, numbers.name, np.zeros((29, 5), np.float32), "29 labels for 30 images")
    refused(bce, yes_no.name, np.load(numbers), "label of image 0", "from 0 to 1")
    refused(shares_program, "shares.npy", np.load(yes_no), "label of image", "add up to 1")
    (work / "index.ftm").write_text(small)
    index = compile_program(ftmc, work / "index.ftm", work / "index")
    refused(index, "small_labels.npy", np.load(numbers), "labels of float32 [30, 5], expected one integer per image")
    refused(index, "small_labels.npy", classes + 1, "is not a class; the network has 5 classes")
