"""`schedule` says and draws the rates that `train` then has; `lr_find` tries rising ones, and leaves nothing."""
import json
import pathlib
import struct
import sys
import tempfile

from support import DATA, check, compile_program, newest_run, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, call in (("cycle", "one_cycle()"), ("several", "sequential([linear_lr(0.1, total_iters = 2), cosine], milestones = [2])")):
        (work / f"{name}.ftm").write_text(text.replace("schedule  = constant()", f"schedule = {call}"))
        program = compile_program(ftmc, work / f"{name}.ftm", work / name)
        options = ["--epochs", 6, "--lr", "0.02", "--batch", 7]
        table = [line.split() for line in run(program, "schedule", *options, "--out", work / "rates.png").splitlines() if line[:5].strip().isdigit()]
        run(program, "train", *options, "--runs", work / f"{name}_runs")
        lines = [json.loads(line) for line in (newest_run(work / f"{name}_runs") / "log.jsonl").read_text().splitlines()]
        rates = [line["lr"] for line in lines if "step" in line and "lr" in line and "loss" in line]
        check(len(table) == 6 and int(table[-1][3]) == len(rates), f"{name}: a line for each epoch, and all steps")
        for line in table:
            first, last = int(line[1]) - 1, int(line[3]) - 1
            check(abs(float(line[4]) - rates[first]) < 1e-5 * 0.02 + 1e-8 and abs(float(line[5]) - rates[last]) < 1e-5 * 0.02 + 1e-8,
                  f"{name}: the rates of epoch {line[0]} are those that train has")
        picture = (work / "rates.png").read_bytes()
        check(struct.unpack(">II", picture[16:24]) == (800, 400), f"{name}: drawn")
    check("0 steps" in run(program, "schedule", "--steps", 0, code=1), "nothing is said in words")

    # Rates that rise: the losses of the first are those of the weights that nothing has changed, and the last ones are lost.
    (work / "find.ftm").write_text(text.replace("label_smoothing = 0.1", "label_smoothing = 0"))
    program = compile_program(ftmc, work / "find.ftm", work / "find")
    said = run(program, "lr_find", "--out", work / "find.png")
    table = [[float(v) for v in line.split()] for line in said.splitlines() if line[:4].strip().isdigit()]
    rates, losses = [row[1] for row in table], [row[2] for row in table]
    check(rates[0] == 1e-7 and all(abs(b / a / 10 ** 0.40404 - 1) < 0.01 for a, b in zip(rates, rates[1:])), "rates rise by a factor")
    check(min(losses) < losses[0] - 0.1 and rates[-1] <= 10, "losses fall on the way")
    suggested = float(said.split("train --lr ")[1])
    check(1e-4 < suggested < 1 and "a tenth is" in said, "a rate is suggested")
    check(struct.unpack(">II", (work / "find.png").read_bytes()[16:24]) == (800, 400), "and the losses drawn")
    check(run(program, "lr_find", "--threads", 1, "--workers", 0) == said, "the same with other threads")
    check(not (work / "runs").exists(), "nothing is left")
    check("a curve takes" in run(program, "lr_find", "--steps", 3, code=1), "a few steps are no curve")
    check("No such file" in run(program, "lr_find", "--out", work / "no" / "x.png", code=1), "what cannot be written is said before")
