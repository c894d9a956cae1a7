"""Classes that come while a library runs: by a call, by files of longer lists, and back into the compiler by their names; and what the example
examples/grow says. library_grow.py FTMC"""
import json
import os
import pathlib
import re
import struct
import sys
import tempfile

import numpy as np

from support import CACHE, DATA, ROOT, check, compile_program, metadata, read_safetensors, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
CC = os.environ.get("RUNTIME_CC", "cc").split()
STRICT = "-std=c99 -Wall -Wextra -Wconversion -pedantic -Werror".split()


def with_classes(source, target, names):
    """The file, whose metadata has another list of classes."""
    data = source.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header["__metadata__"]["classes"] = names
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length:])
    return target


def recipe(work, labels, capacity=6):
    text = (here / "growing.ftm").read_text().replace('"small.ftm"', f'"{here}/small.ftm"').replace('"data/', f'"{DATA}/')
    np.save(work / "labels.npy", np.arange(len(np.load(DATA / "small_images.npy"))) % len(labels))
    data = 'data {\n train = npy(images = "%s", labels = "labels.npy")\n test = npy(images = "%s", labels = "labels.npy")\n}'
    text = text.replace('["a", "b", "c"]', json.dumps(labels)).replace("capacity = 6", f"capacity = {capacity}")
    file = work / f"{''.join(labels)}{capacity}.ftm"
    file.write_text(text.replace("    epochs", "    " + data % (DATA / "small_images.npy", DATA / "small_images.npy") + "\n    epochs"))
    return file


def check_library(work):
    program = compile_program(ftmc, recipe(work, ["d", "a", "b", "c"]), work / "four")
    run(program, "train", "--out", work / "four.safetensors", "--name", "try")
    check(read_safetensors(work / "four.safetensors")["fc.weight"].shape == (6, 20), "a program trains the classes that it has, of all rows")
    run(ftmc, here / "growing.ftm", "--emit=lib", "-o", work / "lib")
    run(*CC, *STRICT, here / "library_grow.c", f"-I{work}/lib", work / "lib/libgrowing.a", "-fopenmp", "-lm", "-o", work / "grow")
    out, lists = work / "grown.safetensors", ["a\n\nb", "a\nb\na", "x" * 128, "\n".join("abcdefg"), "", "z" * 4000]
    spoilt = [(work / f"spoilt{i}", names) for i, names in enumerate(lists)]
    # the library writes its file before it reads the first one
    first = run(work / "grow", out, work / "four.safetensors")
    files = [with_classes(out, *pair) for pair in spoilt]
    said = run(work / "grow", out, work / "four.safetensors", *files).splitlines()
    check(first.splitlines() == said[:len(first.splitlines())], "the same bits in the next run")
    for line in said:
        check(not line.startswith("failed"), line if line.startswith(("ok", "failed")) else "no failure")
    names = {word: line for word, line in (line.split(" ", 1) for line in said)}
    check(names["begun"] == "3: [a] [b] [c]" and names["another"] == "3: [a] [b] [c]" and names["full"] == "6: [a] [b] [c] [d] [e] [f]", "the list grows")
    rows = [line.split(" ", 1)[1] for line in said if line.startswith(("restored 4:", "loaded"))]
    check(rows[0] == "4: [a] [b] [c] [d]" and rows[1] == rows[0], "a snapshot and a file have it")
    check(rows[2:] == ["4: [d] [a] [b] [c]"] * (1 + len(files)), "a program's file brings its own order, and those with odd lists change nothing")
    outputs = [line.split(" ", 1)[1] for line in said if re.match("(grown|outputs|restored) [0-9a-fx.p+-]+ ", line)]
    check(outputs[0] == outputs[1] == outputs[2] != outputs[3], "what is loaded has the bits of what was saved")
    refused = [line for line in said if line.startswith("load 5 ")]
    check(len(refused) == len(files), f"{len(files)} files are refused")
    for line, words in zip(refused, ("an empty name", "a name twice", "too long", "longer than there is room", "is empty", "longer than there is room")):
        check(words in line, line)
    return out


def check_compiler(work, grown):
    """What the library saved, taken up by a recipe of more classes."""
    check(metadata(grown)["classes"] == "a\nb\nc\nd", "the file names its classes")
    rows = read_safetensors(grown)["fc.weight"]
    for capacity in (6, 9):
        file = recipe(work, ["d", "new", "b"], capacity)
        said = run(ftmc, "map", file, f"--weights={grown}", notes=True)
        check("2 of 3 rows by the names of the classes; new: new" in said, f"capacity {capacity}: the map says what is taken")
        program = compile_program(ftmc, file, work / "next", f"--weights={grown}")
        run(program, "train", "--steps", "1", "--init-out", work / "next.safetensors", "--name", "next")
        taken = read_safetensors(work / "next.safetensors")["fc.weight"]
        check(taken.shape[0] == capacity and (taken[[0, 2]] == rows[[3, 1]]).all() and (taken[1] != rows[1]).all(), f"capacity {capacity}: rows by name")


def check_keep(work, grown):
    """A library that only predicts takes a longer list, too."""
    run(ftmc, here / "growing.ftm", "--emit=lib", "-o", work / "keep", "--infer", "--keep", "fc", f"--weights={work / 'three.safetensors'}")
    header = (work / "keep/growing.h").read_text()
    check("growing_class_count(" in header and "growing_add_class(" not in header, "--infer --keep: classes come by files alone")
    run(ftmc, here / "growing.ftm", "--emit=lib", "-o", work / "closed", "--infer", f"--weights={work / 'three.safetensors'}")
    header = (work / "closed/growing.h").read_text()
    check("growing_class_count(" not in header and "GROWING_OUTPUTS 3 " in header, "--infer alone: no room is left, and no row")


def check_example(work):
    """On handwritten digits, of which 9 is the new one: the tests have no clothes."""
    files = [CACHE / f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    run(ftmc, ROOT / "examples/grow/wardrobe.ftm", "--emit=lib", "-o", work / "wardrobe")
    run(*CC, *STRICT, "-O2", ROOT / "examples/grow/grow.c", f"-I{work}/wardrobe", work / "wardrobe/libwardrobe.a", "-fopenmp", "-lm", "-o", work / "example")
    said = run(work / "example", *files).splitlines()
    figures = [[int(n) for n in re.findall(r"(?:old|new) +(\d+) of", line)] for line in said]
    print("\n".join(said))
    check(figures[0][0] > 720 and figures[0][1] == 0, "nine classes are learnt")
    check(figures[1][0] > figures[0][0] - 120 and figures[1][1] > 15, "features alone bring the tenth, and the others stay")
    check(figures[2][0] < 300 and figures[2][1] > 90, "steps on it alone forget them")
    check(figures[3][0] > 600 and figures[3][1] > 60, "kept pictures do not")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    grown = check_library(work)
    check_compiler(work, grown)
    three = compile_program(ftmc, recipe(work, ["a", "b", "c"]), work / "three")
    run(three, "train", "--out", work / "three.safetensors", "--name", "three")
    check_keep(work, grown)
    if "-fsanitize" not in os.environ.get("RUNTIME_CC", ""):
        check_example(work)
