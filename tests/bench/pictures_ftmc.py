#!/usr/bin/env python3
"""The unedited recipe of `ftmc init` on a task (pictures_tasks.py): FTMC TASK SEED --weights FILE [--threads N].

Prints what the PyTorch scripts beside it print. The clock runs from `train` to its end, compiling not counted, which is printed, too.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time


def run(*command):
    start = time.perf_counter()
    done = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
    return done.stdout, time.perf_counter() - start


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("ftmc", type=pathlib.Path)
parser.add_argument("task", type=pathlib.Path)
parser.add_argument("seed", type=int)
parser.add_argument("--weights", required=True, type=pathlib.Path)
parser.add_argument("--threads", type=int, default=2)
o = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    recipe, program, runs = work / "task.ftm", work / "task", work / "runs"
    run(o.ftmc, "init", "--model", "efficientnet_lite0", "--weights", o.weights.resolve(), "--data", o.task.resolve(), "-o", recipe)
    _, compiling = run(o.ftmc, recipe, "-o", program)
    _, training = run(program, "train", "--seed", o.seed, "--threads", o.threads, "--runs", runs)
    figures = json.loads(run(program, "eval", "--runs", runs, "--json")[0])
    text = recipe.read_text()
print(json.dumps({"script": "ftmc init", "task": o.task.name, "seed": o.seed, "epochs": int(text.split("epochs    = ")[1].split()[0]),
                  "accuracy": figures["accuracy"], "seconds": round(training, 2), "compiling": round(compiling, 2)}))
