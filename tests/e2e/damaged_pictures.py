"""Hundreds of damaged pictures, and things that are no files, given to a program: each is answered or named with a reason, the exit
code says it, and nothing crashes or hangs (under sanitizers in the tiers `asan` and `tsan`)."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import numpy as np

from damaged import damaged
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
        validation = 25%
        on_error = ERROR
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.01)
    epochs = 2
    batch  = 8
}
"""


def told(*command, code, seconds=120):
    """(stdout, stderr), neither of which shows a sanitizer's words."""
    done = subprocess.run([str(c) for c in command], capture_output=True, timeout=seconds)
    out, said = done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")
    check(done.returncode == code and "Sanitizer" not in said and "runtime error" not in said,
          f"{' '.join(map(str, command[1:3]))} ends with {code}" + ("" if done.returncode == code else f", not {done.returncode}: {said[-2000:]}"))
    return out, said


def program(work, name, source, error="stop"):
    (work / f"{name}.ftm").write_text(RECIPE.replace("SOURCE", source).replace("ERROR", error))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


def reasons(said, folder):
    """What was said of each file."""
    found = {}
    for line in said.splitlines():
        if f"{folder}/" in line and "warning: " not in line:
            name, _, why = line.split(f"{folder}/", 1)[1].partition(": ")
            found.setdefault(name, []).append(why)
    return found


def check_predict(built, folder, files):
    out, said = told(built, "predict", "--json", folder, code=1)
    answers = {pathlib.Path(t["file"]).name: t for t in json.loads(out)}
    why = reasons(said, folder)
    check(sorted(answers) == sorted(n for n, _, _ in files), f"predict has an answer or an error for each of {len(files)} pictures")
    silent = [n for n, t in answers.items() if "error" in t and not why.get(n)]
    check(not silent, f"each that is not predicted has a reason {silent}")
    taken = [n for n, _, must in files if must and "error" not in answers[n]]
    check(not taken, f"{sum(must for _, _, must in files)} are refused {taken}")
    for workers in (0, 3):
        check(told(built, "predict", "--json", "--workers", workers, folder, code=1) == (out, said), f"and {workers} workers say the same")
    return [n for n, t in answers.items() if "error" in t]


def check_train(work, root, refused):
    stop, skip = (program(work, error, 'folder("pictures")', error) for error in ("stop", "skip"))
    said = told(stop, "train", code=1)[1]
    check("pictures cannot be used; mend or remove them, or go on without: `on_error = skip`" in said and len(reasons(said, "bad")) >= 10,
          "train names the first and counts them, and says the way out")
    out, said = told(skip, "train", code=0)
    why = reasons(said, "bad")
    check(not [n for n in why if n not in refused and not any("damaged" in w for w in why[n])], "on_error = skip leaves out what predict refuses")
    first = (newest_run(work / "runs") / "last.safetensors").read_bytes()
    for workers in (0, 3):
        told(skip, "train", "--workers", workers, "--cache-budget", 0 if workers else 10**9, code=0)
        check((newest_run(work / "runs") / "last.safetensors").read_bytes() == first, f"what stands in for them does not depend on {workers} workers")


def check_no_files(work, built, good):
    """Folders, pipes, sockets and links that go round, by the names of pictures."""
    odd = work / "odd"
    (odd / "folder.png").mkdir(parents=True)
    shutil.copy(good, odd / "folder.png" / "in.png")
    os.mkfifo(odd / "pipe.png")
    place = socket.socket(socket.AF_UNIX)
    os.chdir(odd)  # names of sockets are short
    place.bind("socket.png")
    (odd / "round.png").symlink_to("round.png")
    (odd / "gone.png").symlink_to("nowhere.png")
    (odd / "up").symlink_to("..")
    (odd / "good.png").symlink_to(good)
    out, _ = told(built, "predict", odd / "folder.png", odd / "good.png", code=0)
    check(len(out.splitlines()) == 2, "a folder by the name of a picture is a folder, a link to a picture is one")
    for name in ("socket.png", "round.png", "gone.png"):
        said = told(built, "predict", odd / name, code=1)[1]
        check(f"{name}: " in said, f"{name} is named")
    writer = subprocess.Popen(["sh", "-c", f"exec cat '{good}' > '{odd}/pipe.png'"])
    check("pipe.png: " in told(built, "predict", odd / "pipe.png", code=0)[0] and writer.wait(60) == 0, "what a pipe brings is a picture")

    (work / "odd.csv").write_text("path,label\n" + "".join(f"odd/{n}.png,a\n" for n in ("pipe", "socket", "round", "gone", "folder")) + f"{good},b\n")
    listed = program(work, "listed", 'csv("odd.csv")')
    said = told(listed, "train", code=1)[1]
    check(all(f"odd/{n}.png: " in said for n in ("pipe", "socket", "round", "gone", "folder")), "a table's are named without a wait")
    (work / "classes").mkdir()
    for name in ("a", "b"):
        (work / "classes" / name).symlink_to(odd)
    walked = program(work, "walked", 'folder("classes")')
    check("classes a 2, b 2\n" in told(walked, "train", code=0)[0], "in folders they are passed over, and so are links that lead up")


with tempfile.TemporaryDirectory() as temporary:
    work = pathlib.Path(temporary).resolve()
    files = sorted(damaged())
    root = work / "pictures"
    for name in ("bad", "fine"):
        (root / name).mkdir(parents=True)
    rng = np.random.default_rng(2)
    for i in range(40):
        write_png(root / ("fine" if i % 2 else "bad") / f"whole{i:02}.png", rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))
    built = program(work, "whole", 'folder("pictures")')
    told(built, "train", code=0)
    for name, data, _ in files:
        (root / "bad" / name).write_bytes(data)
        (work / "bad").mkdir(exist_ok=True)
        (work / "bad" / name).write_bytes(data)
    refused = check_predict(built, work / "bad", files)
    check_train(work, root, refused)
    check_no_files(work, built, root / "fine" / "whole01.png")
