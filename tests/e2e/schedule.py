"""`schedule` says and draws the rates that `train` then has."""
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
