"""A processor that lacks a program's instructions gets a message and exit code 1, never SIGILL; one that has them computes.

The processors are qemu's (Debian package qemu-user); skipped (77) where it is absent."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, relative_difference

if not shutil.which("qemu-x86_64"):
    print("qemu-x86_64 is not here: skipped")
    sys.exit(77)
ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
PROCESSORS = {"x86-64-v4": (None, "Haswell"), "x86-64-v3": ("Haswell", "Nehalem"), "x86-64-v2": ("Nehalem", "core2duo")}
logits = []
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for level, (able, unable) in PROCESSORS.items():
        program = compile_program(ftmc, here / "small.ftm", work / "small_training", f"--cpu={level}")

        def predict(processor):
            return subprocess.run(["qemu-x86_64", "-cpu", processor, program, "predict", "--threads", "1", "--data",
                                   DATA / "small_images.npy", "--logits", work / "out.npy"], capture_output=True, text=True)

        done = predict(unable)
        check(done.returncode == 1 and f"lacks instructions of {level}" in done.stderr, f"{level} on {unable}: a message")
        if able:
            check(predict(able).returncode == 0, f"{level} on {able}: runs")
            logits.append(np.load(work / "out.npy"))
check(relative_difference(logits[0], logits[1]) < 1e-4, "the levels agree")
