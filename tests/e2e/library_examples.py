"""examples/embed, as its README says: compiled without a warning, run, and all of one mind. library_examples.py FTMC"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import numpy as np

from support import ROOT, check, read_safetensors, run

ftmc = sys.argv[1]
examples = ROOT / "examples/embed"
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
CC = os.environ.get("RUNTIME_CC", "cc").split()
STRICT = "-Wall -Wextra -Wconversion -pedantic -Werror".split()
C99, CXX11 = ["-xc", "-std=c99", "-D_POSIX_C_SOURCE=200809L"], ["-xc++", "-std=c++11"]
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def statements(path):
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\])*"|^\s*#[^\n]*', "", path.read_text(), flags=re.S | re.M)
    depth = count = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        count += c == ";" and depth == 0
    return count + len(re.findall(r"\b(if|for|while|switch)\b", text))


def build(work, source, language, output):
    run(*CC, *language, *STRICT, examples / source, f"-I{work}/numerals", "-xnone", work / "numerals/libnumerals.a", "-fopenmp", "-lm",
        *(["-lstdc++"] if language is CXX11 else []), "-o", work / output)
    return work / output


def feed(command, data, code=0):
    done = subprocess.run([str(c) for c in command], input=data, capture_output=True)
    check(done.returncode == code, f"{pathlib.Path(command[0]).name} ends with {code} {done.stderr.decode()}")
    return done.stdout.decode()


def pictures(seed, count):
    """Labels and 28 x 28 pictures: a coarse pattern per class, shifted in brightness, under noise."""
    r = np.random.default_rng(seed)
    patterns = np.kron(np.random.default_rng(1).integers(0, 2, (10, 7, 7)) * 160, np.ones((4, 4), int))
    labels = r.integers(0, 10, count)
    return labels, (patterns[labels] + r.integers(0, 95, (count, 28, 28))).astype(np.uint8)


def ask(port, pixels):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(pixels)
        return s.makefile().readline()


def check_server(program, pixels, expected):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([program, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        check(server.stdout.readline() == "ready\n", "the server begins")
        check([ask(port, p.tobytes()).strip() for p in pixels] == expected, "and answers as predict does")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    check(statements(examples / "predict.c") <= 20 and statements(examples / "learn.c") <= 40, "predict.c has 20 statements, learn.c 40 at most")
    run(ftmc, examples / "numerals.ftm", "--emit=lib", "-o", work / "numerals")
    for source in ("learn.c", "predict.c"):
        run(*CC, *CXX11, *STRICT, "-fsyntax-only", examples / source, f"-I{work}/numerals")
    learn, learnt = build(work, "learn.c", C99, "learn"), work / "learnt.safetensors"
    losses = []
    for seed in (2, 3):
        labels, pixels = pictures(seed, 400)
        stream = b"".join(bytes([label]) + p.tobytes() for label, p in zip(labels.tolist(), pixels))
        said = feed([learn, learnt], stream)
        check(said.startswith("13 steps, loss "), f"learn: {said.strip()}")
        losses.append(float(said.split()[-1]))
    check(losses[1] < 0.5 * losses[0] and not list(work.glob("*.new")), "the second run goes on where the first one ended")
    before = learnt.read_bytes()
    check(set(read_safetensors(learnt)) == {f"{l}.{p}" for l in ("conv1", "conv2", "fc") for p in ("weight", "bias")}, "the file has PyTorch's names")
    feed([learn, learnt], bytes([10]) + bytes(28 * 28), code=1)
    check(learnt.read_bytes() == before, "a label that is no class is refused, and what was learnt stays")

    run(ftmc, examples / "numerals.ftm", "--emit=lib", "-o", work / "numerals", f"--weights={learnt}")
    labels, pixels = pictures(4, 20)
    said = feed([build(work, "predict.c", C99, "predict")], pixels.tobytes())
    lines = said.splitlines()
    right = sum(line.split()[0] == NAMES[label] for line, label in zip(lines, labels))
    check(len(lines) == 20 and right >= 18, f"predict: {right} of 20 are right")
    check(feed([build(work, "predict.cpp", CXX11, "predict_cpp")], pixels.tobytes()) == said, "C++ says the same")
    check_server(build(work, "server.c", C99, "server"), pixels[:3], lines[:3])
    if not sanitized:
        check(feed([sys.executable, examples / "predict.py", work / "numerals"], pixels.tobytes()) == said, "Python too")
        if shutil.which("rustc"):
            run("rustc", examples / "predict.rs", "-L", work / "numerals", "-l", "static=numerals", "-l", "gomp", "-o", work / "predict_rs")
            check(feed([work / "predict_rs"], pixels.tobytes()) == said, "and Rust")
