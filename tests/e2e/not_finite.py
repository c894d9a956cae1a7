"""Numbers that are not finite are never the best epoch, never a class and never lost in JSON, and what they came from is named; how a
run says that a signal ended it."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from support import check, compile_program, newest_run, read_safetensors, run, told, write_safetensors

RECIPE = """
model net(image: f32[1, 4, 4], classes = 3) {
    x = relu(bn: batch_norm(conv: conv2d(image, 4, kernel = KERNEL, bias = false)))
    output logits = fc: linear(flatten(x), classes)
}

finetune net {
    model   = net()
    weights = WEIGHTS
    labels  = ["a", "b", "c"]
    data {
        train = npy(images = "images.npy", labels = "labels.npy")
        test  = npy(images = "images.npy", labels = "labels.npy")
        VALIDATION
    }
    transform eval = resize(4, 4), to_grey(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.1)
    epochs = 4
    batch  = 12
    shuffle = false
}
"""
ftmc = sys.argv[1]


def record(folder):
    return json.loads((folder / "run.json").read_text())


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (36, 4, 4)).astype(np.uint8), np.arange(36, dtype=np.int32) % 3

    def build(weights="random", validation='validation = npy(images = "images.npy", labels = "labels.npy")', kernel=3, count=36, inputs=images):
        np.save(work / "images.npy", inputs[:count])
        np.save(work / "labels.npy", labels[:count])
        text = RECIPE.replace("WEIGHTS", weights).replace("VALIDATION", validation).replace("KERNEL", str(kernel))
        (work / "net.ftm").write_text(text)
        return compile_program(ftmc, work / "net.ftm", work / "net")

    program = build()
    code, _, said = told(program, "train", "--lr", "1e29", "--steps", 1, "--runs", work / "large")
    check(code == 1 and "epoch 1 cannot be the best" in said and "none is the best" in said, "weights that are too large are seen in validation")
    build(inputs=(1e9 * rng.standard_normal((36, 1, 4, 4))).astype(np.float32))
    text = (work / "net.ftm").read_text()
    (work / "plain.ftm").write_text(text.replace("relu(bn: batch_norm(conv: conv2d(image, 4, kernel = 3, bias = false)))", "relu(conv: conv2d(image, 4, kernel = 3))"))
    program = compile_program(ftmc, work / "plain.ftm", work / "plain")
    code, _, said = told(program, "train", "--lr", "1e30", "--steps", 1, "--runs", work / "last")
    check(code == 1 and "is not finite after step 1: the update made it so" in said and "nothing was saved" in said,
          "the last update is checked")
    check(not (newest_run(work / "last") / "best.safetensors").exists() and record(newest_run(work / "last"))["outcome"] == "failed",
          "and never the best")
    program = build()
    code, _, said = told(program, "train", "--lr", "1e25", "--runs", work / "later")
    check(code == 1 and ("the updates before it" in said or "the update made it so" in said) and "lower the learning rate" in said, "a rate")

    broken = np.where(np.arange(36)[:, None, None, None] == 17, np.nan, rng.standard_normal((36, 1, 4, 4))).astype(np.float32)
    program = build(inputs=broken, validation="")
    code, _, said = told(program, "train", "--runs", work / "input")
    check(code == 1 and "step 2: sample 17 of" in said and "lower the learning rate" not in said, "a sample is named")
    check("nothing validates" in said, "that nothing validates is said")

    # What is not finite in the validation data makes no epoch the best; training itself goes on.
    np.save(work / "good.npy", rng.integers(0, 256, (36, 4, 4)).astype(np.uint8))
    program = build(inputs=broken, validation='validation = npy(images = "images.npy", labels = "labels.npy")')
    text = (work / "net.ftm").read_text().replace('train = npy(images = "images.npy"', 'train = npy(images = "good.npy"')
    (work / "net.ftm").write_text(text)
    program = compile_program(ftmc, work / "net.ftm", work / "net")
    code, out, said = told(program, "train", "--runs", work / "validation")
    check(not (newest_run(work / "validation") / "best.safetensors").exists(), "a loss in validation that is not finite is never best")
    log = [json.loads(l, parse_constant=lambda c: sys.exit(f"{c} in JSON")) for l in (newest_run(work / "validation") / "log.jsonl").read_text().splitlines()]
    check(any("validation_loss" in l and l["validation_loss"] is None for l in log), "and null in the log")
    check(code == 1 and "no epoch" in said, "a run without a best epoch fails")

    program = build()
    run(program, "train", "--runs", work / "good")
    weights = read_safetensors(newest_run(work / "good") / "best.safetensors")
    weights["fc.weight"] = np.where(np.arange(16 * 3).reshape(3, 16) == 5, np.nan, weights["fc.weight"]).astype(np.float32)
    write_safetensors(work / "nan.safetensors", weights)
    code, out, said = told(program, "eval", "--json", "--weights", work / "nan.safetensors")
    result = json.loads(out, parse_constant=lambda c: sys.exit(f"{c} in JSON"))
    check(code == 1 and result["accuracy"] == 0 and result["not_finite"] == 36 and result["nll"] is None, "they are no class, and null in JSON")
    check("'fc.weight' has values that are not finite" in said, "eval names the weight")
    text = told(program, "eval", "--weights", work / "nan.safetensors")[1]
    check("no answer 36 samples" in text and "nan" not in text.split("samples", 1)[1] and "accuracy" not in text, "in text no figure is made of them")
    check("'fc.weight' has values that are NOT FINITE" in told(program, "selftest", "--weights", work / "nan.safetensors")[1], "selftest, too")
    bad = build(weights='"nan.safetensors"')
    code, _, said = told(bad, "train", "--runs", work / "weights")
    check(code == 1 and "'fc.weight' has values that are not finite, from nan.safetensors" in said and not (work / "weights").exists(),
          "training does not begin with them")
    weights = read_safetensors(newest_run(work / "good") / "best.safetensors")
    weights["bn.running_var"] = -weights["bn.running_var"]
    write_safetensors(work / "negative.safetensors", weights)
    negative = build(weights='"negative.safetensors"')
    check("'bn.running_var' has values below 0" in told(negative, "train", "--lr", 0, "--runs", work / "var")[2], "a variance below 0 is said")

    # What must go wrong is said before.
    one = build(kernel=4, count=25)
    said = told(one, "train", "--runs", work / "one")[2]
    check("last batch of an epoch has one image (25 in batches of 12), and 'bn' then" in said and "batch = 11" in said, "a last batch of one")
    check("one image" not in told(build(kernel=3, count=25), "train", "--runs", work / "four")[2], "unless its maps have several places")
    said = told(program, "train", "--lr", 0, "--steps", 2, "--runs", work / "rate")[2]
    check("the learning rate is 0" in said, "a rate of 0")
    check("running statistics of 'bn' move by 0.1 in each of 2 steps: 81 %" in said, "statistics that lag")

    # Signals.
    program = build()
    said = []

    def ended_by(number, again=None, count=1):
        runs = work / f"signal{number}{again}"
        process = subprocess.Popen([program, "train", "--epochs", "1000000", "--runs", runs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list(runs.glob("*/best.safetensors")):
            time.sleep(0.02)
        if again:  # the second finds a step that does not end
            process.send_signal(signal.SIGSTOP)
            process.send_signal(number)
            process.send_signal(again)
            process.send_signal(signal.SIGCONT)
        else:
            process.send_signal(number)
        said.append(process.communicate(timeout=60)[1])
        return process.returncode, record(newest_run(runs))["outcome"]

    for number in (signal.SIGHUP, signal.SIGTERM):
        check(ended_by(number) == (130, "interrupted"), f"{number.name} leaves a run that can go on")
    check(ended_by(signal.SIGINT, signal.SIGTERM) == (130, "interrupted"), "so do two at once")
    check(f"stopped at once; the best weights of the epochs that were done are in {work}" in said[-1] and "train --resume" in said[-1],
          "the second says what is left")
    process = subprocess.Popen([program, "train", "--epochs", "1000000", "--runs", work / "pipe"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.readline()
    process.stdout.close()
    check(process.wait(timeout=60) == 130 and record(newest_run(work / "pipe"))["outcome"] == "interrupted", "a pipe that nobody reads")
    killed = subprocess.Popen([program, "train", "--epochs", "1000000", "--runs", work / "killed"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((work / "killed").glob("*/best.safetensors")):
        time.sleep(0.02)
    check("running" in run(program, "runs", "--runs", work / "killed"), "a run that runs")
    killed.kill()
    killed.wait()
    check("killed" in run(program, "runs", "--runs", work / "killed"), "and one that was killed")

    # From a run: another schedule; what is meant for --resume is refused.
    said = told(program, "train", "--from", 1, "--runs", work / "pipe")
    check(said[0] == 1 and "--resume 1" in said[2], "a run that was cut is not started from")
    code, _, said = told(program, "train", "--from", 1, "--lr", 0, "--epochs", 1, "--runs", work / "good")
    ours, theirs = (read_safetensors(work / f"good/net-00{i}/best.safetensors") for i in (1, 2))
    check(code == 0 and np.array_equal(ours["fc.weight"], theirs["fc.weight"]), "--from starts from the weights of a run")
    check(record(work / "good/net-002")["options"] == {"--lr": 0, "--epochs": 1, "--from": "1", "--runs": str(work / "good")},
          "the record has every option")
    check("train --from 1" in told(program, "train", "--resume", 1, "--runs", work / "good")[2], "a finished run is not resumed")
    result = json.loads(run(program, "eval", "--json", "--runs", work / "good", "--split", "validation"))
    check(result["split"] == "validation" and result["epoch_chosen_on_it"] and result["accuracy_low"] < result["accuracy"] < result["accuracy_high"],
          "eval says what it measured, and how surely")
    text = run(program, "eval", "--runs", work / "good", "--run", 1)
    check("split     test\n" in text and "guessing  33.33 %" in text and "at least" in text, "in text, with the largest class")
    rows = json.loads(run(program, "runs", "--json", "--runs", work / "good"))
    check(rows[0]["test"]["samples"] == 36 and rows[1]["test"] is None, "the run keeps what it did on the test data")
