"""A library for C: what is in it, and what is not. library.py FTMC"""
import os
import pathlib
import re
import shutil
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


def check_header(folder, name):
    """It compiles as C99 and as C++11, and says something of everything that it declares."""
    user = folder / "user.c"
    user.write_text(f'#include "{name}.h"\nint main(void) {{ return (int){name}_abi_version() - {name.upper()}_ABI_VERSION; }}\n')
    for language in ("-xc -std=c99", "-xc++ -std=c++11"):
        run(*CC, *language.split(), "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-fsyntax-only", user)
    print("ok: the header is C99 and C++11")
    if shutil.which("doxygen"):
        options = f"INPUT={folder / name}.h\nOUTPUT_DIRECTORY={folder}/doxygen\nGENERATE_LATEX=NO\nQUIET=YES\nEXTRACT_ALL=NO\nHAVE_DOT=NO\nGENERATE_HTML=NO\nGENERATE_XML=YES\n"
        done = subprocess.run(["doxygen", "-"], input=options, capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr, f"doxygen finds nothing that is not said {done.stderr}")


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
    check_header(work / "small", "small_training")

    run(ftmc, here / "small.ftm", "--emit=lib", "-o", work / "apart/", "--separate-weights")
    weights, archive = work / "apart/small_training.weights", work / "apart/libsmall_training.a"
    check(weights.stat().st_size > 6 << 10 and b"a\0b\0c\0d\0e\0" in weights.read_bytes()[:128], "the weights in a file, with the names of the classes")
    check(".ftm_blob" not in sections(archive) or sections(archive)[".ftm_blob"] == 0, "are not in the library")
