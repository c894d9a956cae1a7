"""Milestones 1 and 2: the digits CNN's published accuracy; its head replaced and trained; frozen tensors untouched."""
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import CACHE, check, compile_program, newest_run, read_safetensors, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    program = compile_program(ftmc, here / "digits_cnn_eval.ftm", work / "digits_cnn_eval")
    result = json.loads(run(program, "eval", "--json", cwd="/"))
    check(abs(result["accuracy"] - 0.9906) < 1e-9, f"99.06 % on the MNIST test digits ({result['accuracy']})")
    check(result["samples"] == 10000, "on all 10,000 of them")

    text = (here / "digits_cnn_eval.ftm").read_text().replace("../../.cache", str(CACHE))
    text = text.replace("    labels", "    replace fc_layers.2 with linear(classes)\n    freeze all\n    train fc_layers.2\n    labels")
    text = text.replace("digits_cnn_eval", "digits_head")
    (work / "head.ftm").write_text(text)
    head = compile_program(ftmc, work / "head.ftm", work / "digits_head")
    before = run(head, "eval", code=1)
    check("not trained yet" in before, "an untrained head is an error")
    run(head, "train", "--steps", 200, "--out", work / "head.safetensors")
    result = json.loads(run(head, "eval", "--json"))
    check(result["accuracy"] > 0.97, f"the retrained head reads digits ({result['accuracy']})")
    check("runs/digits_head-001/best" in result["weights"], "eval takes the last run's best and says so")
    trained = read_safetensors(work / "head.safetensors")
    run(head, "selftest", "--weights", work / "head.safetensors")
    names = {p.name for p in newest_run(work / "runs").iterdir()}
    for name in ("recipe.ftm", "run.json", "metrics.csv", "log.jsonl", "split.csv", "best.safetensors", "last.safetensors",
                 "predictions.csv", "confusion.csv"):
        check(name in names, f"the run folder has {name}")
    run(program, "predict", "--weights", work / "head.safetensors", "--data", CACHE / "none.npy", code=1)
    refused = run(program, "eval", "--weights", here / "data" / "small.safetensors", code=1)
    check("not a trained file of this program" in refused, "a foreign file is refused")
    check(trained["fc_layers.2.weight"].shape == (10, 256), "the new head has the old name and its own weights")
