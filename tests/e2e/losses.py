"""The small network trained with each loss, and with a sum of two, cross entropy with class weights among them: `eval` gives what the formula gives for
its logits, and beside it the plain negative log-likelihood; the loss falls; 1 and 3 threads give the same file."""
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, run, step_losses

ftmc = sys.argv[1]
CROSS_ENTROPY = "cross_entropy(label_smoothing = 0.1)"
small = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
check(CROSS_ENTROPY in small, "small.ftm trains with cross entropy")
target = np.eye(5)[np.load(DATA / "small_labels.npy").astype(int)]

WEIGHT, IGNORED = np.array([1, 0.25, 2, 3, 1.5]), 3


def log_softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def weighted(x):
    """torch.nn.CrossEntropyLoss(weight, ignore_index=3, label_smoothing=0.1) over all samples at once."""
    kept = target[:, IGNORED] == 0
    shares = WEIGHT * (0.9 * target + 0.1 / 5)
    return -(shares * log_softmax(x)).sum(axis=1)[kept].sum() / (target @ WEIGHT)[kept].sum()


FORMULAS = {
    "mse()": lambda x: np.mean((x - target) ** 2),
    "huber()": lambda x: np.mean(np.where(np.abs(x - target) <= 1, (x - target) ** 2 / 2, np.abs(x - target) - 0.5)),
    "l1()": lambda x: np.mean(np.abs(x - target)),
    "sigmoid_focal(alpha = 0.4, gamma = 1.5)": lambda x: np.mean(
        (0.4 * target + 0.6 * (1 - target)) * (target / (1 + np.exp(x)) + (1 - target) / (1 + np.exp(-x))) ** 1.5
        * (np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x))))),
    "binary_cross_entropy_with_logits()": lambda x: np.mean(np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))),
    "2 * huber() + 0.3 * cross_entropy(label_smoothing = 0.2)": lambda x: 2 * FORMULAS["huber()"](x) - 0.3 * (
        (0.8 * target + 0.2 / 5) * log_softmax(x)).sum(axis=1).mean(),
    "cross_entropy(label_smoothing = 0.1, weight = [1, 0.25, 2, 3, 1.5], ignore_index = 3)": weighted,
}

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)

    # Weights that follow from the data are those that would be written.
    counts = target.sum(axis=0)
    written = ", ".join(f"{x:.9g}" for x in (counts.sum() / (5 * counts)).astype(np.float32))
    files = {}
    for name, weight in (("balanced", "balanced"), ("written", f"[{written}]")):
        (work / f"{name}.ftm").write_text(small.replace(CROSS_ENTROPY, f"cross_entropy(weight = {weight})"))
        program = compile_program(ftmc, work / f"{name}.ftm", work / name)
        said = run(program, "train", "--out", work / f"{name}.safetensors", notes=True)
        files[name] = read_safetensors(work / f"{name}.safetensors")
        told = json.loads(run(program, "eval", "--json", "--weights", work / f"{name}.safetensors"))
        files[name + " loss"] = told["loss"]
        check((f"weight = balanced: [{written}]" in said) == (name == "balanced"), f"{name}: the weights are said where they are counted")
    check(len(set(counts)) > 1 and all(files["balanced"][k].tobytes() == v.tobytes() for k, v in files["written"].items()), "balanced weights are those of the counts")
    check(files["balanced loss"] == files["written loss"], "and eval has them from the trained file")
    for call, formula in FORMULAS.items():
        name = re.sub(r"\W+", "_", call.split("(")[0])
        source = work / f"{name}.ftm"
        source.write_text(small.replace(CROSS_ENTROPY, call))
        program = compile_program(ftmc, source, work / name)
        one, three, logits = work / "one.safetensors", work / "three.safetensors", work / "logits.npy"
        run(program, "train", "--out", one, "--threads", 1)
        losses = step_losses(newest_run(work / "runs"))
        check(np.all(np.isfinite(losses)) and losses[-4:].mean() < losses[:4].mean(), f"{name}: the loss falls")
        run(program, "train", "--out", three, "--threads", 3)
        check(one.read_bytes() == three.read_bytes(), f"{name}: 3 threads give the same file")
        told = json.loads(run(program, "eval", "--json", "--weights", one, "--logits", logits))
        x = np.load(logits).astype(np.float64)
        want, nll = formula(x), -(target * log_softmax(x)).sum(axis=1).mean()
        check(abs(told["loss"] - want) < 1e-6 * want, f"{name}: eval's loss is that of its logits ({want:.6f})")
        check(abs(told["nll"] - nll) < 1e-6 * nll, f"{name}: and the likelihood beside it is the plain one ({nll:.6f})")
