"""A library computes what its recipe's program does, bit for bit: losses of the steps, weights, logits, right answers; alone and with
another context at work, with any number of threads, with threads of the caller's, and from a snapshot on."""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from support import DATA, ROOT, check, compile_program, newest_run, read_safetensors, run, step_losses

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
cc = os.environ.get("RUNTIME_CC", "cc").split()
recipe = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("small_training", "bits")
CASES = {"all trains": "", "body frozen": "freeze all\n    train fc"}


def library_says(work, images, labels, trained):
    """What the driver prints: lines of a word, and for numbers an array of them."""
    run(ftmc, work / "bits.ftm", "--emit=lib", "-o", work, "--cpu=native")
    subprocess.run([*cc, "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I", work,
                    "-x", "c", here / "library_bits.c.in", "-x", "none", work / "libbits.a", "-fopenmp", "-lm", "-lpthread", "-o", work / "driver"], check=True)
    images.tofile(work / "images")
    pictures.tofile(work / "pictures")
    labels.astype(np.int32).tofile(work / "labels")
    return [line.split(" ") for line in run(work / "driver", work / "images", work / "labels", len(images), work / "saved.safetensors", trained,
                                                         work / "pictures").splitlines()]


def numbers(words):
    return np.array([float.fromhex(w) for w in words], np.float32)


def same(a, b):
    return np.asarray(a, np.float32).tobytes() == np.asarray(b, np.float32).tobytes()


pictures = np.random.default_rng(1).integers(0, 256, (4, 40, 31, 3), np.uint8)
images, labels = np.load(DATA / "small_images.npy"), np.load(DATA / "small_labels.npy")
for name, statements in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "bits.ftm").write_text(recipe.replace("    labels", f"    {statements}\n    labels"))
        program = compile_program(ftmc, work / "bits.ftm", work / "bits")
        run(program, "train")
        trained = newest_run(work / "runs")
        said = library_says(work, np.ascontiguousarray(images, np.float32), labels, trained / "last.safetensors")
        for words in said:
            if words[0] in ("same", "other"):
                check(words[0] == "same", f"{name}: {' '.join(words[1:])}: the same bits")
        check(("steps on features".split() in [w[1:] for w in said]) == bool(statements), f"{name}: {'' if statements else 'no '}steps on features")
        found = {words[0]: words[1:] for words in said}
        parameters = {words[1]: numbers(words[2:]) for words in said if words[0] == "parameter"}
        losses, state = step_losses(trained), read_safetensors(trained / "last.safetensors")
        check(len(losses) == 20 and same(numbers(found["losses"]), losses), f"{name}: the losses of the program's steps")
        check(parameters.keys() == state.keys() and all(same(parameters[k], state[k].ravel()) for k in state), f"{name}: its weights")
        run(program, "predict", "--weights", trained / "last.safetensors", "--data", DATA / "small_images.npy", "--logits", work / "logits.npy")
        check(same(numbers(found["logits"]), np.load(work / "logits.npy").ravel()), f"{name}: its logits")
        check(int(found["correct"][0]) == np.sum(np.load(work / "logits.npy").argmax(1) == labels), f"{name}: its right answers")
        np.save(work / "pictures.npy", pictures)
        run(program, "predict", "--weights", trained / "last.safetensors", "--data", work / "pictures.npy", "--logits", work / "p.npy")
        check(same(numbers(found["pictures"]), np.load(work / "p.npy").ravel()), f"{name}: its logits of pictures")
        saved = read_safetensors(work / "saved.safetensors")
        check(set(saved) == set(state) - ({k for k in state if not k.startswith("fc.")} if statements else set()) and
              all(saved[k].tobytes() == state[k].tobytes() for k in saved), f"{name}: its trained tensors, in a file")
        run(program, "predict", "--weights", work / "saved.safetensors", "--data", DATA / "small_images.npy", "--logits", work / "again.npy")
        check((work / "again.npy").read_bytes() == (work / "logits.npy").read_bytes(), f"{name}: which the program takes")
