"""20 steps of a MobileNetV3 with SGD and of a ConvNeXt with AdamW, from generated weights, against PyTorch (stored), loss by loss."""
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

from network_runs import BATCH, RUNS, STEPS, generated_weights, images_and_labels, recipe
from support import DATA, check, compile_program, newest_run, run, step_losses, write_safetensors

ftmc = sys.argv[1]
stored = np.load(DATA / "network_losses.npz")


def tensor_shapes(source):
    """The shape of each tensor that the model of a recipe takes from a file: that of the file, where it has another one."""
    states = re.findall(r"^\s*state @(\S+) : \w+(\[.*\]) (?:parameter|buffer)(?:.* file (\[[\d, ]*\]))?",
                        run(ftmc, "--emit=graph", source), re.M)
    return {name: tuple(json.loads(in_file or shape)) for name, shape, in_file in states}


check(set(stored.files) == set(RUNS), "a reference for each network")
for name, case in RUNS.items():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for file, array in zip(("images.npy", "labels.npy"), images_and_labels(STEPS * BATCH)):
            np.save(work / file, array)
        source = work / "network.ftm"
        source.write_text(recipe(case, "random"))
        write_safetensors(work / "start.safetensors", generated_weights(tensor_shapes(source)))
        source.write_text(recipe(case, '"start.safetensors"'))
        program = compile_program(ftmc, source, work / "network")
        files = []
        for threads in (1, 2):
            out = work / f"t{threads}.safetensors"
            run(program, "train", "--threads", threads, "--out", out)
            files.append(out.read_bytes())
        check(files[0] == files[1], f"{name}: 1 and 2 threads give the same file")
        losses = step_losses(newest_run(work / "runs"))
        worst = np.max(np.abs(losses - stored[name]) / stored[name])
        check(len(losses) == STEPS and worst < 1e-3, f"{name}: {STEPS} losses within 1e-3 of PyTorch's ({worst:.1e})")
