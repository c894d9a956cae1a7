"""ftmc run FILE.ftm search over what is compiled into programs: each is what `train` with these -D is, to the bit; the least that trains
within a standard error of the best is named; one that was killed goes on; what fails comes with its reason. search_programs.py FTMC"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from support import DATA, check, compile_program, newest_run, run, told

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 40%\n        test  =")


def with_search(over):
    source = text.replace("small_training", "deep")
    return source[:source.rindex("}")] + f"    search {{\n        over {over}\n    }}\n}}\n"


def record_of(folder):
    return json.loads((folder / "search.json").read_text())


def rows_of(folder):
    """What came of each, without clocks, memory and the folder's name."""
    return [{k: v for k, v in row.items() if k not in ("seconds", "peak_memory_bytes", "run_folder")} for row in record_of(folder)["trials"]]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    os.environ["XDG_CACHE_HOME"] = str(work / "cache")
    recipe = work / "deep.ftm"
    recipe.write_text(with_search("train = depth(3)"))

    # How much to train.
    said = run(ftmc, "run", "-D", "epochs=6", recipe, "search", "--threads", 1)
    whole = newest_run(work / "runs")
    record = record_of(whole)
    check(whole.name == "deep-search-001" and record["values"] == ["fc", "conv2, bn2, conv3, bn3, fc", "all"], "three depths")
    rows = record["trials"]
    check([r["trainable"] for r in rows] == [105, 785, 1365] and all(r["peak_memory_bytes"] > 0 and r["steps"] == 18 for r in rows), "with what trains, the memory and the steps")
    best = max(rows, key=lambda r: r["validation_accuracy"])
    error = (best["validation_accuracy"] * (1 - best["validation_accuracy"]) / 12) ** 0.5
    check(rows[record["best"] - 1] is best and abs(best["standard_error"] - error) < 1e-6, "the best and its standard error")
    near = [r for r in rows if r["validation_accuracy"] >= best["validation_accuracy"] - error]
    least = min(near, key=lambda r: r["trainable"])
    check(rows[record["recommended"] - 1] is least, "the least that trains within it is recommended")
    check(f"in the recipe:      freeze all\n                    train {least['value']}\n" in said, "as the recipe says it")
    kept = [r["value"] for r in rows if (pathlib.Path(r["run_folder"]) / "best.safetensors").exists()]
    check(set(kept) == {best["value"], least["value"]} and not list(whole.rglob("last.safetensors")), "the weights of these alone are kept")
    test = json.loads(run(ftmc, "run", "-D", "epochs=6", "-D", "freeze=all", "-D", f"train={least['value']}", recipe, "eval", "--json",
                          "--weights", pathlib.Path(least["run_folder"]) / "best.safetensors"))
    check(abs(test["accuracy"] - record["test_accuracy"]) < 1e-8 and "test data, which nothing was chosen by" in said, "which the test data is measured with")

    # Each is what `train` is.
    run(ftmc, "run", "-D", "epochs=6", "-D", "freeze=all", "-D", f"train={least['value']}", recipe, "train", "--runs", work / "alone")
    check((newest_run(work / "alone") / "best.safetensors").read_bytes() == (pathlib.Path(least["run_folder"]) / "best.safetensors").read_bytes(),
          "a trial is what train with its values is, to the bit")

    # Killed in the middle, again and again, and interrupted.
    kills, folders = 0, work / "killed"
    command = [str(c) for c in (ftmc, "run", "-D", "epochs=6", recipe, "search", "--runs", folders)]
    for stop in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        resumed = ["--resume", str(newest_run(folders))] if folders.exists() else ["--threads", "1"]
        process = subprocess.Popen(command + resumed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.time() + 30
        while not list(folders.glob(f"deep-search-001/{kills + 1}/deep-001/run.json")) and process.poll() is None and time.time() < deadline:
            time.sleep(0.002)
        process.send_signal(stop)
        err = process.communicate()[1]
        if process.returncode == -signal.SIGKILL or process.returncode == 130:
            kills += 1
        if process.returncode == 130:
            check("search --resume" in err and record_of(newest_run(folders))["outcome"] == "interrupted", "an interrupted one says how to go on")
        time.sleep(0.5)  # a program whose ftmc was killed ends with its step
    stopped = newest_run(folders)
    if record_of(stopped)["outcome"] != "finished":
        run(*command, "--resume", 1)
    check(kills >= 2 and rows_of(stopped) == rows_of(whole), f"killed {kills} times it ends alike")
    check("E0691" in run(*command, "--resume", 1, code=1) and "E0691" in run(*command, "--resume", "x", code=1), "one that is finished or unknown is not gone on with")
    check("others cannot be given" in run(*command, "--resume", 1, "--lr", "0.1", code=1), "options are the search's")

    # Other values; one that is no program is said before any trains; what fails is no end; the program itself.
    wild = work / "wild.ftm"
    wild.write_text(with_search('optimizer = ["sgd(lr = 0.01)", "sgd(lr = 1e6)"]'))
    said = run(ftmc, "run", wild, "search")
    rows = record_of(newest_run(work / "runs"))["trials"]
    check([r["outcome"] for r in rows] == ["finished", "failed"] and "not finite" in rows[1]["reason"] and "failed: " in said, "what fails is a row with its reason")
    wild.write_text(with_search('optimizer = ["sgd(lr = 1e5)", "sgd(lr = 1e6)"]'))
    check("E0693" in run(ftmc, "run", wild, "search", code=1), "where all fail there is no best")
    wild.write_text(with_search('optimizer = ["sgd(lr = 0.01)", "sgd(lr = )"]'))
    before = len(list((work / "runs").iterdir()))
    err = run(ftmc, "run", wild, "search", code=1)
    check("E0692" in err and "sgd(lr = )" in err and len(list((work / "runs").iterdir())) == before, "a value that is none is said before anything trains")
    program = compile_program(ftmc, recipe, work / "deep")
    check("ftmc run FILE.ftm search" in run(program, "search", code=1), "a program alone says who does it")
    check(told(ftmc, "run", recipe, "search", "--runs")[0] == 1, "an option without its value, too")
    code, _, err = told(ftmc, "run", recipe, "search", "--trails", 3)
    check(code == 1 and "--trails" in err, "an option that there is not is refused")
