"""train --resume on a folder of pictures with random flips and mixup: ten kills at any moment, and the run ends like one that never
stopped; a picture that changed in place is other data, one that was only touched is not."""
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile

import numpy as np

from support import check, compile_program, kill_at, log_lines, newest_run, run, same_run, write_png

ftmc = sys.argv[1]
KILLS, EPOCHS = 10, 12
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    data {
        train = folder("pictures")
        validation = 25%
    }
    transform eval  = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    transform train = random_horizontal_flip(), resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    mix       = mixup(alpha = 0.4)
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    schedule  = constant()
    epochs = 12
    batch  = 7
}
"""
random.seed(9)

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(4)
    pictures = work / "pictures"
    for name, base in (("bright", 140), ("dark", 0)):
        (pictures / name).mkdir(parents=True)
        for i in range(26):
            write_png(pictures / name / f"{i:02}.png", (rng.integers(0, 110, (9 + i % 4, 8, 3)) + base).astype(np.uint8))
    (work / "pictures.ftm").write_text(RECIPE)
    program = compile_program(ftmc, work / "pictures.ftm", work / "program")
    options = ["--epochs", EPOCHS, "--checkpoint-every", 2]
    run(program, "train", *options, "--runs", work / "whole")
    whole = newest_run(work / "whole")
    total = len(log_lines(whole))

    killed = trial = 0
    while killed < KILLS:
        runs = work / f"killed{trial}"
        target = runs / "pictures-001"
        for moment in sorted(random.randrange(1, total - 1) for _ in range(1 + trial % 4)):
            command = ["--resume", target] if target.exists() else [*options, "--runs", runs]
            killed += kill_at([program, "train", *command], target / "log.jsonl", moment, random.random() * 0.004)
        if json.loads((target / "run.json").read_text())["outcome"] != "finished":
            run(program, "train", "--resume", target, "--threads", 1 + trial % 3)
        check(same_run(target, whole), f"after {killed} kills in all, the run ends with the same files")
        trial += 1

    # A run that is not finished, to be taken up with other pictures.
    broken = work / "broken" / "pictures-001"
    while not broken.exists() or json.loads((broken / "run.json").read_text())["outcome"] == "finished":
        shutil.rmtree(work / "broken", ignore_errors=True)
        kill_at([program, "train", *options, "--runs", work / "broken"], broken / "log.jsonl", total // 2, 0)
    victim = pictures / "dark" / "07.png"
    before, times = victim.read_bytes(), victim.stat()
    victim.write_bytes(before[:-20] + bytes([before[-20] ^ 1]) + before[-19:])
    os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))
    check("other data" in run(program, "train", "--resume", broken, code=1), "a byte of a picture makes other data, whatever its size and time")
    victim.write_bytes(before)
    victim.rename(victim.with_name("7.png"))
    check("other data" in run(program, "train", "--resume", broken, code=1), "so does another name")
    victim.with_name("7.png").rename(victim)
    os.utime(victim, ns=(0, 0))
    run(program, "train", "--resume", broken)
    check(same_run(broken, whole), "a time of change says nothing")
