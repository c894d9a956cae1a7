"""A library for aarch64 says and learns what that for x86-64 does: library_aarch64.py FTMC

The programs run in qemu's processor; skipped (77) where the cross compiler or qemu is absent (Debian packages gcc-aarch64-linux-gnu,
libc6-dev-arm64-cross, qemu-user)."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from support import ROOT, check, read_safetensors, relative_difference, run

for tool in ("aarch64-linux-gnu-gcc", "qemu-aarch64"):
    if not shutil.which(tool):
        print(f"{tool} is not here: skipped")
        sys.exit(77)
ftmc, examples = sys.argv[1], ROOT / "examples/embed"
X86, ARM = "x86_64-linux-gnu", "aarch64-linux-gnu"
COMPILERS = {X86: os.environ.get("RUNTIME_CC", "cc").split(), ARM: [ARM + "-gcc"]}
QEMU = {X86: [], ARM: ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]}


def library(work, target, *options):
    run(ftmc, examples / "numerals.ftm", "--emit=lib", f"--target={target}", "-o", work / target, *options)
    return work / target


def build(work, target, source, *words):
    program = work / f"{source}-{target}"
    run(*COMPILERS[target], "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Werror", examples / f"{source}.c", f"-I{work / target}",
        *(words or [work / target / "libnumerals.a", "-fopenmp", "-lm"]), "-o", program)
    return QEMU[target] + [program]


def said(command, *arguments, data):
    done = subprocess.run([str(c) for c in [*command, *arguments]], input=data, capture_output=True)
    check(done.returncode == 0, f"{pathlib.Path(command[-1]).name} runs {done.stderr.decode()}")
    return done.stdout.decode()


def answers(text):
    return [l.split()[0] for l in text.splitlines()], np.array([float(l.split()[1]) for l in text.splitlines()])


def check_same(a, b, what):
    (a_words, a_numbers), (b_words, b_numbers) = answers(a), answers(b)
    check(a_words == b_words and len(a_words) == 20 and np.abs(a_numbers - b_numbers).max() < 1e-5, what)


r = np.random.default_rng(7)
pixels = r.integers(0, 256, (20, 28, 28)).astype(np.uint8).tobytes()
records = b"".join(bytes([i % 10]) + r.integers(0, 256, 28 * 28).astype(np.uint8).tobytes() for i in range(64))
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for target in (X86, ARM):
        library(work, target, "--threads=none")
    file = run("aarch64-linux-gnu-readelf", "-hlSW", work / ARM / "libnumerals.so")
    check("AArch64" in file and "init_array" not in file, "the shared library is of aarch64 and has no constructor")
    check(file.count(" 0x10000\n") >= 2, "and fits pages of 64 KiB")
    learnt = {}
    for target in (X86, ARM):
        learnt[target] = work / f"{target}.safetensors"
        loss = said(build(work, target, "learn"), learnt[target], data=records)
        check("loss" in loss, loss.strip())
    a, b = read_safetensors(learnt[ARM]), read_safetensors(learnt[X86])
    check(set(a) == set(b) and max(relative_difference(a[k], b[k]) for k in b) < 1e-4, "both learn the same")
    shutil.copy(learnt[X86], learnt[ARM])
    losses = [float(said(QEMU[target] + [work / f"learn-{target}"], learnt[target], data=records).split()[-1]) for target in (X86, ARM)]
    check(abs(losses[0] - losses[1]) < 1e-5, f"what one has saved the other goes on from {losses}")

    library(work, X86, "--threads=none", f"--weights={learnt[X86]}")
    library(work, ARM, f"--weights={learnt[X86]}")
    check("[libgomp.so.1]" in run("aarch64-linux-gnu-readelf", "-d", work / ARM / "libnumerals.so"), "threads are those of libgomp.so")
    expected = said(build(work, X86, "predict"), data=pixels)
    for words in [], [f"-L{work / ARM}", "-lnumerals", f"-Wl,-rpath,{work / ARM}"]:
        check_same(said(build(work, ARM, "predict", *words), data=pixels), expected, f"and say the same of pictures, {'shared' if words else 'linked statically'}")
    run(ftmc, examples / "numerals.ftm", "--emit=obj", f"--target={ARM}", "-o", work / "numerals.o")
    check("AArch64" in run("aarch64-linux-gnu-readelf", "-h", work / "numerals.o"), "--emit=obj")
