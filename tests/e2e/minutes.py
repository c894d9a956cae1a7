"""train --minutes: as many steps as there is time for, timed without a trace, written down and gone on with. minutes.py FTMC"""
import json
import pathlib
import sys
import tempfile

from support import DATA, both, check, compile_program, kill_at, log_lines, newest_run, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
recipe = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("shuffle = false", "shuffle = true")


def record(folder):
    return json.loads((folder / "run.json").read_text())


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "small.ftm").write_text(recipe)
    program = compile_program(ftmc, work / "small.ftm", work / "small")
    said = run(program, "train", "--minutes", "0.01", "--out", work / "fitted.safetensors")
    steps = int(said.split("time for about ")[1].split()[0])
    first = newest_run(work / "runs")
    facts, epochs = record(first), -(-steps // 4)
    check(facts["command"][-2:] == [f"--epochs={epochs}", f"--steps={steps}"] and not any("minutes" in w for w in facts["command"]), f"the record has {steps} steps in its place")
    check(not facts["trial"] and steps >= 1, "it is no trial")
    check(max(line.get("step", 0) for line in log_lines(first)) == steps, "so many were done")
    run(program, "train", "--epochs", epochs, "--steps", steps, "--out", work / "plain.safetensors")
    check((work / "fitted.safetensors").read_bytes() == (work / "plain.safetensors").read_bytes(), "the bits of the training that was told so: timing leaves no trace")
    # killed, and gone on with as many steps
    kill_at([program, "train", "--minutes", "0.05", "--checkpoint-every", "3"], work / "runs/small_training-003/log.jsonl", 5, 0)
    cut = newest_run(work / "runs")
    if record(cut).get("outcome") != "finished":
        run(program, "train", "--resume", cut)
    words = [w.split("=")[1] for w in record(cut)["command"] if w.startswith(("--epochs=", "--steps="))]
    run(program, "train", "--epochs", words[0], "--steps", words[1], "--out", work / "whole.safetensors")
    check((cut / "best.safetensors").read_bytes() == (work / "whole.safetensors").read_bytes(), "a killed run goes on with its steps")
    check("--minutes says how long, and --steps how much" in both(program, "train", "--minutes", 1, "--steps", 4, code=2)[1], "not both")
    said = run(program, "train", "--minutes", "0.01", "--dry-run")
    check("a dry run" in said and "time for about" in said, "a dry run says it, too")
