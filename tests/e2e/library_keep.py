"""A library that only predicts, but for a layer that --keep leaves open: trained heads are loaded into it, other layers are not."""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, relative_difference, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
cc = os.environ.get("RUNTIME_CC", "cc").split()
text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("small_training", "keep").replace(
    "    schedule", "    replace fc with linear(classes)\n    freeze all\n    train fc\n    save = changed\n    schedule")
images = np.load(DATA / "small_images.npy")

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "keep.ftm").write_text(text)
    head = compile_program(ftmc, work / "keep.ftm", work / "head")
    files = [work / f"{seed}.safetensors" for seed in (1, 2)]
    for seed, file in enumerate(files):
        run(head, "train", "--seed", seed, "--out", file, "--name", "try")
    every = compile_program(ftmc, work / "keep.ftm", work / "every", "-D", "train=all")
    run(every, "train", "--out", work / "every.safetensors", "--name", "try")

    def wanted(file):
        run(head, "predict", "--weights", file, "--data", DATA / "small_images.npy", "--logits", work / "logits.npy")
        return np.load(work / "logits.npy")

    def make(*options):
        run(ftmc, work / "keep.ftm", "--emit=lib", "-o", work, "--cpu=native", "--infer", f"--weights={files[0]}", *options)
        return (work / "keep.h").read_text()

    closed = make()
    check("keep_load(" not in closed and "keep_get_parameter(" not in closed and "keep_save(" not in closed, "nothing is open: nothing can be loaded")
    opened = make("--keep", "fc")
    check("keep_load(" in opened and "keep_set_parameter(" in opened and "keep_train_step(" not in opened, "--keep: a layer can be")
    subprocess.run([*cc, "-std=c11", "-Wall", "-Wextra", "-I", work, "-x", "c", here / "library_keep.c.in", "-x", "none", work / "libkeep.a",
                    "-fopenmp", "-lm", "-o", work / "driver"], check=True)
    n = int(next(line for line in opened.splitlines() if "#define KEEP_MAX_BATCH " in line).split()[2])
    np.ascontiguousarray(images[np.arange(n) % len(images)], np.float32).tofile(work / "images")
    said = [line.split(" ", 1) for line in run(work / "driver", work / "images", files[1], work / "every.safetensors", files[0]).splitlines()]
    logits = [np.array([float.fromhex(w) for w in rest.split()]).reshape(n, -1) for word, rest in said if word == "logits"]
    expected = [wanted(file)[np.arange(n) % len(images)] for file in files]
    check(all(relative_difference(logits[i], expected[k]) < 1e-5 for i, k in ((0, 0), (1, 1), (3, 0))), "it predicts as the program does, with each head")
    check(relative_difference(expected[0], expected[1]) > 1e-3, "which are two")
    refused = [rest for word, rest in said if word == "refused"]
    check(len(refused) == 1 and "the frozen tensor 'bn1.num_batches_tracked' differs from the library's" in refused[0], "a file of other layers is refused")
    check(logits[2].tobytes() == logits[1].tobytes(), "and changes nothing")
    check({rest for word, rest in said if word == "open"} == {"fc.weight", "fc.bias"}, "what is open says so")
