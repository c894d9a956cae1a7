"""`watch` follows a run of another process: the epochs as `train` prints them, its end however it comes, and nothing of the run changes."""
import fcntl
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from support import DATA, both, check, compile_program, newest_run, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =")


def epochs_of(out):
    return [l for l in out.splitlines() if l.startswith("epoch")]


def started(program, *arguments, out=subprocess.PIPE):
    return subprocess.Popen([str(program), *map(str, arguments)], stdout=out, stderr=subprocess.PIPE, text=True)


def wait_for(condition):
    deadline = time.time() + 60
    while not condition() and time.time() < deadline:
        time.sleep(0.02)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "small.ftm").write_text(text)
    program = compile_program(ftmc, work / "small.ftm", work / "small_training")
    out, err = both(program, "watch", code=1)
    check("no runs of this program" in err, "there is nothing to be followed")
    trained = epochs_of(run(program, "train"))
    before = {p.name: p.read_bytes() for p in newest_run(work / "runs").iterdir()}
    watched = run(program, "watch")
    check(epochs_of(watched) == trained and len(trained) == 5, "a finished run is told as train told it")
    check("run 1 is finished; best in validation" in watched, "and that it is finished")
    check(before == {p.name: p.read_bytes() for p in newest_run(work / "runs").iterdir()}, "nothing of it changes")

    # One that is training: the newest of them is followed.
    said = work / "said.txt"  # a pipe that nobody empties would stop it
    training = started(program, "train", "--epochs", 400000, "--threads", 1, out=said.open("w"))
    log = work / "runs" / "small_training-002" / "log.jsonl"
    wait_for(lambda: log.exists() and log.read_bytes().count(b'"epoch"') >= 2)
    watching, other = started(program, "watch"), started(program, "watch", "2")
    time.sleep(1)
    check(watching.poll() is None and other.poll() is None, "both follow it")
    other.send_signal(signal.SIGINT)
    out, err = other.communicate()
    check(other.returncode == 130 and "goes on without being watched" in err, "Ctrl-C ends watching")
    check(training.poll() is None, "and not the run")
    training.send_signal(signal.SIGINT)
    training.communicate()
    told = epochs_of(said.read_text())
    out, err = watching.communicate(timeout=30)
    check(training.returncode == 130 and watching.returncode == 1 and "run 2 was interrupted" in err and "--resume 2" in err, "an interrupted run is told to be")
    check(epochs_of(out) == told and len(told) > 2 and out.splitlines()[0] == "run 2 (small_training-002): running", "all its epochs, each once")

    # It goes on from a checkpoint and dies.
    watching = None
    training = started(program, "train", "--resume", "2", out=subprocess.DEVNULL)
    wait_for(lambda: json.loads((log.parent / "run.json").read_text())["outcome"] == "running")
    watching = started(program, "watch", "2")
    time.sleep(1)
    training.send_signal(signal.SIGKILL)
    training.wait()
    out, err = watching.communicate(timeout=30)
    check(watching.returncode == 1 and "died" in err, "a run that died says so")
    numbers = [int(re.match(r"epoch (\d+)/400000", l)[1]) for l in epochs_of(out)]
    check(numbers == list(range(1, len(numbers) + 1)), "its epochs in order")
    (log.parent / "log.jsonl").write_bytes(log.read_bytes() + b'{"epoch":7')
    both(program, "watch", "2", code=1)
    both(program, "watch", "9", code=1)
    both(program, "watch", "1", "2", code=2)

    # What a run is cut to is read again: this process trains.
    record = log.parent / "run.json"
    facts = json.loads(record.read_text())
    lines = [f'{{"epoch":{i},"step":{i},"train_loss":{i},"validation_loss":1,"seconds":0}}\n' for i in range(1, 7)]
    with log.open("r+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        record.write_text(json.dumps(facts | {"outcome": "running"}))
        f.truncate(0)
        f.write("".join(lines[:4]) + lines[4][:9])
        f.flush()
        watching = started(program, "watch", "2")
        time.sleep(0.7)
        f.seek(0)
        f.truncate(len("".join(lines[:3])))
        time.sleep(0.7)
        f.seek(0, 2)
        f.write("".join(lines[3:]))
        f.flush()
        record.write_text(json.dumps(facts | {"outcome": "finished"}))
        out, err = watching.communicate(timeout=30)
    check("goes on from a checkpoint" in err and [l.split("/")[0] for l in epochs_of(out)] == [f"epoch {i}" for i in range(1, 7)] and watching.returncode == 0,
          "what a run is cut to is read again, and each epoch told once")
