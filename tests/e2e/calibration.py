"""Temperature and threshold: fitted in validation, kept in the trained file, and used by predict, eval, a program that has the weights in it,
and the library, compiled in, packed and loaded. Decisions and logits stay as they are."""
import csv
import io
import json
import os
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, metadata, newest_run, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
CC = os.environ.get("RUNTIME_CC", "cc").split()
STRICT = "-std=c99 -Wall -Wextra -Wconversion -pedantic -Werror".split()
text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("label_smoothing = 0.1", "label_smoothing = 0").replace("lr = 0.01", "lr = 0.05")
# Of what the network learns by heart some is another class in validation: it is surer than it is right.
labels = np.tile(np.load(DATA / "small_labels.npy").astype(int), 4)
labels[::4] = (labels[::4] + 1) % 5
EPOCHS = 40


def softmax(z, temperature):
    p = np.exp((z - z.max(1, keepdims=True)) / temperature)
    return p / p.sum(1, keepdims=True)


def nll(z, temperature):
    return -np.log(softmax(z, temperature)[np.arange(len(z)), labels]).mean()


def ece(p):
    top, right = p.max(1), p.argmax(1) == labels
    which = np.clip(np.ceil(top * 15).astype(int) - 1, 0, 14)
    return sum(abs(right[which == b].sum() - top[which == b].sum()) for b in range(15)) / len(p)


def predict(program, *options):
    return json.loads(run(program, "predict", "--json", "--data", images, *options))


def top(told):
    return np.array([s["top"][0]["probability"] for s in told])


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    images = work / "images.npy"
    np.save(images, np.tile(np.load(DATA / "small_images.npy"), (4, 1, 1, 1)))
    np.save(work / "labels.npy", labels)
    validation = f'        validation = npy(images = "{images}", labels = "labels.npy")\n'
    (work / "small.ftm").write_text("".join(validation if "  test  =" in line else line for line in text.splitlines(True)))
    program = compile_program(ftmc, work / "small.ftm", work / "small_training")
    run(program, "train", "--epochs", EPOCHS, "--no-calibration", "--name", "plain")
    plain = newest_run(work / "runs") / "best.safetensors"
    check("temperature" not in metadata(plain), "--no-calibration fits none")
    said = run(program, "train", "--epochs", EPOCHS)
    weights = newest_run(work / "runs") / "best.safetensors"
    temperature = float(metadata(weights)["temperature"])
    check(f"temperature {temperature:.4f}" in said, f"train says it: {temperature}")

    # What it is and does.
    logits = work / "logits.npy"
    told = json.loads(run(program, "eval", "--json", "--weights", weights, "--logits", logits))
    before = json.loads(run(program, "eval", "--json", "--weights", plain))
    z = np.load(logits).astype(np.float64)
    around = [nll(z, temperature * f) for f in (0.99, 1, 1.01)]
    check(around[1] < min(around[0], around[2]), "its likelihood is the greatest")
    check(2 * len(z) * (nll(z, 1) - around[1]) > 3.84, "and different from 1 by more than chance")
    check(abs(told["temperature"] - temperature) < 1e-9 and abs(told["nll_calibrated"] - around[1]) < 1e-6, "eval says both: of the likelihood")
    check(abs(told["ece"] - ece(softmax(z, temperature))) < 1e-6 and abs(told["ece_uncalibrated"] - ece(softmax(z, 1))) < 1e-6,
          "and of the calibration error")
    check(all(told[k] == before[k] for k in ("loss", "nll", "accuracy", "roc_auc", "confusion")) and before["temperature"] is None,
          "all else is as without")
    check("temperature" in run(program, "eval", "--weights", weights) and "temperature" not in run(program, "eval", "--weights", plain), "in text, too")
    check(np.allclose(top(predict(program, "--weights", weights)), softmax(z, temperature).max(1), atol=1e-6), "predict divides by it")
    check(np.allclose(top(predict(program, "--weights", plain)), softmax(z, 1).max(1), atol=1e-6), "and by nothing without")

    # A copy of the best, and a run that was cut.
    out = work / "out.safetensors"
    run(program, "train", "--epochs", EPOCHS, "--out", out)
    check(metadata(out)["temperature"] == metadata(weights)["temperature"], "--out has it")

    # Compiled in.
    for options, name in ((), "whole"), (("--infer",), "infer"):
        baked = work / name
        run(ftmc, work / "small.ftm", "-o", baked, f"--weights={weights}", *options)
        check(np.allclose(top(predict(baked)), softmax(z, temperature).max(1), atol=1e-5), f"{name}: a program that has the weights in it has it")

    # The threshold.
    p = softmax(z, temperature)
    sure = np.sort(p.max(1))
    wanted = float((p.argmax(1) == labels)[p.max(1) >= sure[len(sure) // 2]].mean())  # what half of the samples reach
    said = run(program, "eval", "--weights", weights, "--precision", f"{wanted:.6f}", notes=True)
    threshold = float(metadata(weights)["threshold"])
    answered = p.max(1) >= threshold - 1e-7
    check((p.argmax(1) == labels)[answered].mean() >= wanted - 1e-6 and answered.sum() >= len(z) // 2, "a threshold that reaches the precision")
    check("unknown" in said and f"{threshold:.4f}" in said, "eval says what it costs")
    told = json.loads(run(program, "eval", "--json", "--weights", weights))
    check(abs(told["answered"] - answered.mean()) < 1e-9 and told["answered_accuracy"] >= wanted - 1e-6, "and measures it later")
    samples = predict(program, "--weights", weights)
    check([s["unknown"] for s in samples] == [not a for a in answered], "predict says which are unknown")
    lines = run(program, "predict", "--data", images, "--weights", weights).splitlines()
    check([": unknown (" in line for line in lines] == [not a for a in answered], "in lines")
    rows = list(csv.reader(io.StringIO(run(program, "predict", "--data", images, "--weights", weights, "--csv", "-"))))[1:]
    check([r[1] == "unknown" for r in rows] == [not a for a in answered], "and in CSV")
    run(ftmc, work / "small.ftm", "-o", work / "again", f"--weights={weights}")
    check([s["unknown"] for s in predict(work / "again")] == [not a for a in answered], "compiled in, too")

    # What cannot be.
    check("no threshold makes" in run(program, "eval", "--weights", weights, "--precision", "1", code=1) or
          (p.argmax(1) == labels)[p.max(1).argmax()], "one that nothing reaches is refused")
    check("--precision" in run(program, "eval", "--precision", "1.5", code=2), "a share is at most 1")
    check("the program's" in run(work / "whole", "eval", "--precision", "0.5", code=1), "weights in the program are no file")
    run(program, "eval", "--weights", weights, "--precision", "0", notes=True)
    check("threshold" not in metadata(weights) and "unknown" not in predict(program, "--weights", weights)[0], "0 takes it away")
    bad = work / "bad.safetensors"
    bad.write_bytes(weights.read_bytes().replace(metadata(weights)["temperature"].encode(), b"-" + metadata(weights)["temperature"].encode()[1:]))
    check("no number above 0" in run(program, "predict", "--data", images, "--weights", bad, code=1), "a temperature that is none is refused")

    # The library: of its own weights, of a file of packed ones, and of a trained file.
    run(program, "eval", "--weights", weights, "--precision", f"{wanted:.6f}", notes=True)
    library, images_file, plain_logits = work / "lib", work / "image", work / "plain.npy"
    images_file.write_bytes(np.load(images)[0].astype(np.float32).tobytes())
    run(program, "predict", "--data", images, "--weights", plain, "--logits", plain_logits)
    for options in (), ("--separate-weights",):
        run(ftmc, work / "small.ftm", "--emit=lib", "-o", library, f"--weights={weights}", *options)
        run(*CC, *STRICT, here / "library_answers.c", f"-I{library}", library / "libsmall_training.a", "-fopenmp", "-lm", "-o", work / "answers")
        packed = library / "small_training.weights" if options else "-"
        said = [line.split() for line in run(work / "answers", images_file, packed, plain, weights, work / "saved.safetensors").splitlines()]
        given = {line[0]: np.array(line[1:], float) for line in said}
        check(np.allclose(given["own"], softmax(z, temperature)[0], atol=1e-5) and np.float32(given["own_threshold"][0]) == np.float32(threshold), f"a library's own {options}")
        check(np.allclose(given["plain"], softmax(np.load(plain_logits).astype(np.float64), 1)[0], atol=1e-5) and given["plain_threshold"] == 0, "of a file that has none")
        check(np.allclose(given["loaded"], given["own"], atol=1e-5) and np.float32(given["loaded_threshold"][0]) == np.float32(threshold), "of a file that has")
        check(all(metadata(work / "saved.safetensors")[k] == metadata(weights)[k] for k in ("temperature", "threshold")), "and a file that it writes has it")
