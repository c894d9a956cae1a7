"""A library for C: what is in it, and what is not. library.py FTMC"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from support import check, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
CC = os.environ.get("RUNTIME_CC", "cc").split()

# What a function of the standard library may be that a library without threads calls.
ALLOWED = {"memcpy", "memset", "memmove", "memcmp", "strcmp", "strncmp", "strlen", "memchr", "strchr"}


def symbols(*command):
    return {line.split()[-1].split("@")[0]: line.split()[-2] for line in run(*command).splitlines() if len(line.split()) >= 2}


def sections(file):
    """Name to size, of an object or a shared library."""
    rows = [line.split() for line in run("size", "-A", file).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def math_functions():
    """Names of <math.h>, by what libm exports."""
    libm = subprocess.run([*CC, "-print-file-name=libm.so.6"], capture_output=True, text=True).stdout.strip()
    return set(symbols("nm", "-D", "--defined-only", libm))


def check_contents(folder, name):
    """Only the header's functions are visible; nothing is written to when it is loaded, and nothing runs."""
    header = (folder / f"{name}.h").read_text()
    declared = set(re.findall(rf"^[a-z][^\n=#]*?\b({name}_\w+)\(", header, re.M)) - set(re.findall(rf"typedef [^\n]*?\b({name}_\w+)\(", header))
    shared, archive = folder / f"lib{name}.so", folder / f"lib{name}.a"
    check(set(symbols("nm", "-D", "--defined-only", shared)) == declared, f"{shared.name} has the {len(declared)} functions of its header")
    check(set(symbols("nm", "-g", "--defined-only", archive)) == declared, f"{archive.name} too")
    if sanitized:
        return
    there = sections(shared)
    check(not {".init_array", ".fini_array", ".init", ".ctors"} & set(there), "no constructor")
    check(not there.get(".data") and not there.get(".bss"), "nothing that is written to")
    check("0x4000" in run("readelf", "-lW", shared), "pages of 16 KiB")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    run(ftmc, here / "small.ftm", "--emit=lib", "-o", work / "small", "--threads=none")
    files = sorted(p.name for p in (work / "small").iterdir())
    check(files == ["libsmall_training.a", "libsmall_training.so", "small_training.h", "small_training.pc", "small_trainingConfig.cmake"],
          "a library has five files")
    check([p.name for p in work.iterdir()] == ["small"], "and nothing is left beside it")
    check(not any(str(work).encode() in p.read_bytes() for p in (work / "small").iterdir()), "no path of this machine is in them")
    check_contents(work / "small", "small_training")
    if not sanitized:
        wanted = set(symbols("nm", "-u", work / "small/libsmall_training.a")) - {"_GLOBAL_OFFSET_TABLE_"}
        check(wanted <= ALLOWED | math_functions(), f"without threads it wants libc and libm only, and of libc what moves bytes: {sorted(wanted)}")
