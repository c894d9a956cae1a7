"""Files as they should not be: folders with what is no picture, tables of other systems, pictures that change while a program trains on
them, pipes that nobody reads any more, disks that are full."""
import csv
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np

from support import check, compile_program, newest_run, run, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(image), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    data {
        train = SOURCE
        SETTINGS
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.01)
    epochs = 1
    batch  = 8
}
"""
NAMES = ['it, "is".png', "two\nlines.png", "semi;colon.png", "  blanks .png", "plain.png", "tab\tin.png", "#1.png", "ä.png"]
LABELS = ["cat, big", 'the "dog"']
rng = np.random.default_rng(8)


def add(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))


def program(name, source, settings="validation = 25%"):
    (work / f"{name}.ftm").write_text(RECIPE.replace("SOURCE", source).replace("SETTINGS", settings))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


def samples(runs):
    with open(newest_run(runs) / "split.csv", newline="") as f:
        return [row[0] for row in csv.reader(f)][1:]


# ---- tables ----

def check_tables():
    rows = [(f"all/{k}/{n}", label) for k, label in enumerate(LABELS) for n in NAMES]
    for name, _ in rows:
        add(work / name)
    for name, separator, end, mark in (("windows", ",", "\r\n", "\ufeff"), ("german", ";", "\r\n", ""), ("tabs", "\t", "\n", ""), ("mac", ",", "\r", "")):
        with open(work / f"{name}.csv", "w", newline="", encoding="utf-8") as f:
            f.write(mark)
            table = csv.writer(f, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC)
            table.writerows([("path", "label"), *rows, ()])
        built = program(name, f'csv("{name}.csv")')
        said = run(built, "train", "--runs", work / f"{name}_runs", notes=True)
        check(samples(work / f"{name}_runs") == [n for n, _ in rows] and f"classes {LABELS[0]} " in said, f"{name}: names and labels with commas, quotes and lines")
    shutil.copy(newest_run(work / "windows_runs") / "split.csv", work / "split.csv")
    again = program("again", 'csv("windows.csv")', 'split = "split.csv"')
    run(again, "train", "--runs", work / "again_runs")
    check((newest_run(work / "again_runs") / "split.csv").read_bytes() == (work / "split.csv").read_bytes(), "and so is the split that is made of them")
    told = json.loads(run(again, "predict", "--json", "--runs", work / "again_runs", work / "all"))
    out = run(again, "predict", "--csv", "-", "--runs", work / "again_runs", work / "all")
    check([r[:2] for r in list(csv.reader(out.splitlines(keepends=True)))[1:]] == [[t["file"], t["top"][0]["class"]] for t in told], "and the answers as CSV")
    plain = [(n, l) for n, l in rows if "\n" not in n and n[-5] != " "]
    (work / "list.txt").write_text("\ufeff" + "\r\n".join(f"{n}\t {'ab'[LABELS.index(l)]}  " for n, l in plain), newline="")
    listed = program("listed", 'list("list.txt")')
    run(listed, "train", "--runs", work / "listed_runs")
    check(samples(work / "listed_runs") == [n for n, _ in plain], "a list with a mark, CRLF and no end of its last line")
    (work / "wide.csv").write_bytes("path,label\r\nall/0/plain.png,a\r\n".encode("utf-16"))
    (work / "wide.ftm").write_text(RECIPE.replace("SOURCE", 'csv("wide.csv")').replace("SETTINGS", ""))
    check("so it is no text" in run(ftmc, "check", work / "wide.ftm", code=1), "a table in UTF-16 is refused")


# ---- a folder ----

def check_init():
    root = work / 'it\'s "odd", 2024'
    for c in ("cat", "dog"):
        for i in range(4):
            add(root / c / f"{i}.png")
        (root / c / ".hidden.png").write_bytes(b"x")
        (root / c / "up").symlink_to("..")
        (root / c / "round.png").symlink_to("round.png")
        (root / c / "gone.png").symlink_to("nowhere.png")
        os.mkfifo(root / c / "pipe.png")
    (root / "cat" / "deep" / "er").mkdir(parents=True)
    for i in range(300):
        os.link(root / "cat" / "0.png", root / "cat" / "deep" / "er" / f"link{i}.png")
    os.mkfifo(root / "train.gz")
    os.mkfifo(root / "test-images")
    os.chdir(root)
    place = socket.socket(socket.AF_UNIX)
    place.bind("training")
    (root / ".thumbnails").mkdir()
    (root / "notes.txt").write_text("none")
    recipe = work / "odd.ftm"
    said = subprocess.run([ftmc, "init", "--model", "lenet5", "--weights=random", "--data", root, "-o", recipe], capture_output=True, text=True, timeout=60)
    check(said.returncode == 0 and "2 classes" in said.stdout, "init counts pictures, and waits for no pipe")
    text = recipe.read_text()
    check("cat: 304, dog: 4" in text, "links are files, what is hidden and what goes round is not")
    check("training" not in json.dumps(text.split("data {")[1].split("}")[0]), "a socket is no folder of a part")
    run(ftmc, "check", recipe)


# ---- while it runs ----

def begin(built, name, *options):
    """A training that goes on until it is told to end, in its second epoch at least."""
    runs = work / name
    process = subprocess.Popen([built, "train", "--epochs", "1000000", "--cache", "off", "--runs", runs, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_epochs(process, runs, 1)
    return process, runs


def wait_epochs(process, runs, more):
    """Until some more epochs are done, or the process has ended."""
    def done():
        metrics = list(runs.glob("*/metrics.csv"))
        return metrics[0].read_text().count("\n") if metrics else 0

    end, deadline = done() + more + (not done()), time.time() + 60
    while done() < end and process.poll() is None and time.time() < deadline:
        time.sleep(0.01)


def check_changes():
    root = work / "moving"
    for c in ("cat", "dog"):
        for i in range(12):
            add(root / c / f"{i:02}.png")
    stop, skip = program("stop", 'folder("moving")'), program("skip", 'folder("moving")', "validation = 25%\n        on_error = skip")
    victim = root / "cat" / "05.png"
    whole = victim.read_bytes()
    changes = {"cut": lambda: victim.write_bytes(whole[:50]), "emptied": lambda: victim.write_bytes(b""), "gone": victim.unlink,
               "a folder": lambda: (victim.unlink(), victim.mkdir())}
    for name, change in changes.items():
        process, runs = begin(stop, f"stop {name}")
        change()
        said = process.communicate(timeout=60)[1]
        check(process.returncode == 1 and "05.png: " in said, f"a picture that is {name} while training goes on ends it, and is named")
        check(json.loads((newest_run(runs) / "run.json").read_text())["outcome"] == "failed", "the run knows it")
        restore(victim, whole)
        process, runs = begin(skip, f"skip {name}")
        change()
        wait_epochs(process, runs, 3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        check(process.returncode == 130 and "05.png: " in said and "is taken in its place" in said, f"on_error = skip goes on with another one, also where it is {name}")
        restore(victim, whole)


def restore(path, data):
    if path.is_dir():
        path.rmdir()
    path.write_bytes(data)


# ---- outputs ----

def check_closed():
    built = program("closed", 'folder("moving")')
    run(built, "train", "--runs", work / "closed_runs")
    many = work / "many"
    many.mkdir()
    for i in range(1500):
        os.link(work / "moving" / "cat" / "00.png", many / f"{i}.png")
    command = f"'{built}' predict --runs '{work}/closed_runs' '{many}'"
    for options in ("", "--json", "--csv -", "--json --csv x.csv"):
        done = subprocess.run(["sh", "-c", f"{command} {options} | head -c 1"], capture_output=True, text=True, cwd=work, timeout=60)
        check(len(done.stdout) == 1 and not list(work.glob("x.csv*")), f"a reader that goes away ends it {options}: no file is half written")
    done = subprocess.run(["sh", "-c", f"{command} >&-"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 1 and "standard output" in done.stderr, "no standard output at all is an error")
    process = subprocess.Popen(["sh", "-c", f"exec {command} --csv x.csv --json"], stdout=subprocess.PIPE, cwd=work)
    process.stdout.read(1)
    process.kill()
    process.communicate()
    check(process.returncode == -signal.SIGKILL and not list(work.glob("x.csv*")), "nor where it is killed")


def check_full():
    """A limit on the size of files stands in for a full disk."""
    def limit(size):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    built, picture = work / "closed", work / "many" / "0.png"
    runs = work / "full_runs"
    done = subprocess.run([built, "train", "--runs", runs], capture_output=True, text=True, preexec_fn=lambda: limit(2000))
    check(done.returncode == 1 and "best.safetensors: File too large" in done.stderr and "are good" not in done.stderr and "nothing was saved" in done.stderr,
          "where the first weights cannot be written none are said to be good")
    for options in (["--logits", "x.npy"], ["--csv", "x.csv", "--top", 2]):
        done = subprocess.run([built, "predict", "--runs", work / "closed_runs", *([picture] * 200), *map(str, options)], capture_output=True, text=True, cwd=work,
                              preexec_fn=lambda: limit(1000))
        check(done.returncode == 1 and f"{options[1]}: " in done.stderr and not list(work.glob("x.*")), f"{options[0]} that does not fit is an error, and leaves nothing")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder).resolve()
    check_tables()
    check_init()
    check_changes()
    check_closed()
    check_full()
