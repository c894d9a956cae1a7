"""A program's manners: exit codes, Ctrl-C, --help, hostile files, --runs, and what is never half written."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from support import CACHE, DATA, check, compile_program, metadata, newest_run, read_safetensors, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    program = compile_program(ftmc, here / "small.ftm", work / "small_training")
    check("train" in run(program, "--help"), "--help lists the commands")
    for wrong in ([], ["dance"], ["train", "--epochs"], ["train", "--epochs", "x"], ["eval", "--lr", "1"], ["eval", "file"]):
        run(program, *wrong, code=2)
    for option, value, said in (("--lr", "-1", "from 0 to 1e+30"), ("--lr", "nan", "a number from"), ("--epochs", "0", "whole number from 1 to"),
                                ("--seed", "-1", "of 0 or more"), ("--threads", "5000", "to 1024"), ("--steps", "1.5", "whole number")):
        check(said in run(program, "train", option, value, code=2), f"{option} {value}: its range is said")
    print("ok: wrong usage exits with 2")
    check("12" in run(program, "info"), "info")
    check(json.loads(run(program, "info", "--json"))["classes"] == 5, "info --json")
    check(run(program, "info", "--recipe").startswith(("import", "finetune", "#", "model")), "info --recipe is a recipe")

    for name, content in {"empty": b"", "garbage": os.urandom(300), "huge": b"\xff" * 8 + b"{}"}.items():
        path = work / f"{name}.safetensors"
        path.write_bytes(content)
        run(program, "eval", "--weights", path, code=1)
        run(program, "predict", path, code=1)
    print("ok: hostile files are refused with exit code 1")

    out = work / "full.safetensors"
    run(program, "train", "--out", out, "--seed", 3)
    for name, content, said in (("lite0.pth", b"PK\3\4" + bytes(100), "a PyTorch file; --weights takes what training left (safetensors). Pretrained"),
                                ("cut.safetensors", out.read_bytes()[:-500], "cut.safetensors: cut short, copy it again: tensor")):
        (work / name).write_bytes(content)
        check(said in run(program, "eval", "--weights", work / name, code=1), f"{name}: {said}")
    text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("small.safetensors", "nothing").replace("finetune small_training", "finetune other")
    text = text.replace(f'weights = "{DATA}/nothing"', "weights = random").replace("conv1:", "first:").replace("    test  = ", "    # test  = ")
    (work / "other.ftm").write_text(text)
    other = compile_program(ftmc, work / "other.ftm", work / "other")
    said = run(other, "eval", "--weights", out, code=1)
    check("full.safetensors: holds the weights of another network, trained by the recipe 'small_training': it has no 'first.weight'" in said and
          said.count("\n") == 1, "the file of another architecture: one sentence")
    check(metadata(out)["classes"] == "a\nb\nc\nd\ne" and "preprocess" in metadata(out), "the trained file says its classes")
    again = work / "again.safetensors"
    run(program, "train", "--out", again, "--seed", 3)
    check(out.read_bytes() == again.read_bytes(), "the same seed gives the same bytes")
    check(len(list((work / "runs").iterdir())) == 2, "no run is overwritten")
    check(not [p for p in work.rglob("*") if "tmp" in p.name], "no temporary file is left")

    before = len(list((work / "runs").iterdir()))
    for useless in (["--out", "/dev/null"], ["--out", work / "nowhere" / "x"], ["--out", work], ["--steps", "0"]):
        run(program, "train", *useless, code=1)
    check(len(list((work / "runs").iterdir())) == before, "what cannot end well does not begin: no run folder")
    check("--epochs" in run(program, "train", "--help") and "--top" not in run(program, "train", "--help"), "help on a command")
    run(program, "predict", "--top", "0", "x.png", code=2)
    recipe = (newest_run(work / "runs") / "recipe.ftm").read_text()
    check(recipe.splitlines()[0] == f"# Names of files start at {here}", "the run's recipe says where its paths start")

    readonly = work / "full"
    readonly.write_text("a file, not a folder")
    run(program, "train", "--runs", readonly, code=1)

    long_run = subprocess.Popen([program, "train", "--epochs", "100000", "--runs", work / "long"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    deadline = time.time() + 60
    while not list((work / "long").glob("*/best.safetensors")) and time.time() < deadline:
        time.sleep(0.05)
    long_run.send_signal(signal.SIGINT)
    _, err = long_run.communicate(timeout=60)
    check(long_run.returncode == 130, "Ctrl-C exits with 130")
    run_folder = newest_run(work / "long")
    check("last.safetensors" in err, "it says where the weights are")
    check(len(read_safetensors(run_folder / "last.safetensors")) == 21, "they can be read")
    check(json.loads((run_folder / "run.json").read_text())["outcome"] == "interrupted", "run.json says interrupted")

    run(program, "train", "--lr", "1e20", "--runs", work / "nan", code=1)
    print("ok: a diverging loss exits with 1")
