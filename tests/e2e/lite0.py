"""Milestone 3: EfficientNet-Lite0's logits against PyTorch's, and its classes on photographs."""
import json
import pathlib
import sys
import tempfile

import numpy as np

from support import CACHE, DATA, check, compile_program, host_levels, relative_difference, run
from lite0_inputs import inputs

ftmc, levels = sys.argv[1], sys.argv[2:] or host_levels()
here = pathlib.Path(__file__).resolve().parent
# What PyTorch answers for the pictures as Pillow resizes them (BILINEAR): an Egyptian cat, espresso, tripod, moped.
PHOTOS = {"chelsea.png": 285, "coffee.png": 967, "camera.png": 872, "motorcycle_left.png": 665}


for level in levels:
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        program = compile_program(ftmc, here / "lite0.ftm", work / "lite0", f"--cpu={level}")
        np.save(work / "in.npy", inputs(2, 224))
        run(program, "predict", "--data", work / "in.npy", "--logits", work / "out.npy")
        d = relative_difference(np.load(work / "out.npy"), np.load(DATA / "lite0_logits.npy"))
        check(d < 1e-4, f"{level}: logits within 1e-4 of PyTorch's ({d:.1e})")
        answer = json.loads(run(program, "predict", "--json", *[CACHE / p for p in PHOTOS]))
        for item in answer:
            name = pathlib.Path(item["file"]).name
            top = item["top"][0]
            check(int(top["class"]) == PHOTOS[name], f"{level}: {name} is class {top['class']} ({top['probability']:.3f})")
        check("all checks passed" in run(program, "selftest"), f"{level}: selftest")
