"""EfficientNet-Lite0 trained whole, batch norms included, against PyTorch: six steps, loss by loss (stored)."""
import pathlib
import sys
import tempfile

import numpy as np

from support import CACHE, DATA, check, compile_program, newest_run, run, step_losses
from lite0_inputs import inputs

RECIPE = f"""
import "efficientnet_lite0.ftm"
finetune lite0_training {{
    model   = efficientnet_lite0()
    weights = "{CACHE}/efficientnet-lite0.pth"
    data {{ train = npy(images = "images.npy", labels = "labels.npy") }}
    transform eval = resize(64, 64), to_rgb(), normalize(mean = 127, std = 128, scale = 1)
    optimizer = sgd(lr = 0.000002, momentum = 0.9)
    schedule  = constant()
    epochs  = 2
    batch   = 32
    shuffle = false
}}
"""

ftmc = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    np.save(work / "images.npy", inputs(80, 64))
    np.save(work / "labels.npy", (np.arange(80) * 37 % 1000).astype(np.int32))
    (work / "l.ftm").write_text(RECIPE)
    program = compile_program(ftmc, work / "l.ftm", work / "lite0_training")
    files = []
    for threads in (1, 2):
        out = work / f"t{threads}.safetensors"
        run(program, "train", "--threads", threads, "--out", out)
        files.append(out.read_bytes())
    check(files[0] == files[1], "1 and 2 threads give the same file")
    got, want = step_losses(newest_run(work / "runs")), np.load(DATA / "lite0_losses.npy")
    worst = np.max(np.abs(got - want) / want)
    check(len(got) == 6 and worst < 1e-4, f"six losses within 1e-4 of PyTorch's ({worst:.1e})")
