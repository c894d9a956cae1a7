"""What validation and eval report: the recipe's loss, label smoothing included, from the entry `eval`; beside it the plain
negative log-likelihood."""
import csv
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, run

ftmc = sys.argv[1]
SMOOTHING = 0.1  # of small.ftm
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
labels = np.load(DATA / "small_labels.npy").astype(int)


def losses(logits):
    """Smoothed and plain cross entropy (torch.nn.functional.cross_entropy), in double precision."""
    z = logits.astype(np.float64)
    log_p = z - z.max(1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    nll = -log_p[np.arange(len(z)), labels].mean()
    return (1 - SMOOTHING) * nll - SMOOTHING * log_p.mean(1).mean(), nll


def close(a, b):
    return abs(a - b) <= 1e-6 * abs(b)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "small.ftm").write_text(text.replace("        test  =", "        validation ="))
    program = compile_program(ftmc, work / "small.ftm", work / "small_training")
    run(program, "train", "--epochs", 1)
    weights = newest_run(work / "runs") / "last.safetensors"
    by_eval, by_predict = work / "eval.npy", work / "predict.npy"
    told = json.loads(run(program, "eval", "--json", "--weights", weights, "--logits", by_eval))
    run(program, "predict", "--weights", weights, "--data", DATA / "small_images.npy", "--logits", by_predict)
    check(by_eval.read_bytes() == by_predict.read_bytes(), "eval and predict give the same logits")
    smoothed, nll = losses(np.load(by_eval))
    check(close(told["loss"], smoothed) and close(told["nll"], nll), "eval prints the recipe's loss and the plain one")
    check(not close(smoothed, nll), "they differ")
    with open(newest_run(work / "runs") / "metrics.csv") as f:
        epoch = list(csv.DictReader(f))[-1]
    check(close(float(epoch["validation_loss"]), smoothed), "validation loss is the recipe's loss")
    check("nll" in run(program, "eval", "--weights", weights), "eval's text has both, too")
