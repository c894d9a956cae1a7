"""--selftest: a program, or a library, knows outputs of the double-precision interpreter and what a step changes, and finds a weight or a
gradient that is another one."""
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

from support import DATA, both, check, compile_program, read_safetensors, run, told

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
trained = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
new_head = trained.replace("    schedule", "    replace fc with linear(classes)\n    freeze all\n    train fc\n    seed = 7\n    schedule")

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, text, options in (("trained", trained, ()), ("head", new_head, ()), ("infer", trained, ("--infer",)), ("open", trained, ("--infer", "--keep", "fc"))):
        (work / f"{name}.ftm").write_text(text)
        program = compile_program(ftmc, work / f"{name}.ftm", work / name, "--selftest", *options)
        said = run(program, "selftest")
        check(said.count("of those in double precision\n") == 2 and ("what it changes in" in said) == (name in ("trained", "head")) and "all checks passed" in said, f"{name}: the outputs are the interpreter's")
    plain = compile_program(ftmc, work / "trained.ftm", work / "plain")
    check("double precision" not in run(plain, "selftest"), "without the option nothing is kept")
    run(work / "trained", "train", "--steps", 2)
    check("of those in double precision\n" in run(work / "trained", "selftest", "--run", 1), "beside trained weights those in the program are compared")

    weight = read_safetensors(DATA / "small.safetensors")["fc.weight"].tobytes()
    damaged = bytearray((work / "trained").read_bytes())
    at = damaged.find(weight)
    check(at > 0, "a weight lies in the program as it is")
    damaged[at + 3] ^= 2
    (work / "damaged").write_bytes(damaged)
    (work / "damaged").chmod(0o755)
    check("TOO FAR, a weight" in both(work / "damaged", "selftest", code=1)[0], "a bit of it that turns over is found")

    # of what a step leaves in a state another number is stored
    listed = re.search(r"\.step = .*?\n +\{(\d+), ([^,]+), ([^}]+)\}", run(ftmc, work / "trained.ftm", "--emit=tables", "--selftest"), re.S)
    numbers = struct.pack("<dd", *(float.fromhex(n) if "x" in n else float(n) for n in listed.groups()[1:]))
    damaged = bytearray((work / "trained").read_bytes())
    at = damaged.find(numbers)
    check(at > 0, "the numbers of a step lie in the program")
    damaged[at:at + 8] = struct.pack("<d", struct.unpack("<d", numbers[:8])[0] + struct.unpack("<d", numbers[8:])[0])
    (work / "damaged").write_bytes(damaged)
    check(re.search("step .*TOO FAR in [a-z0-9.]+", both(work / "damaged", "selftest", code=1)[0]), "a gradient that is another one is found")

    cc = os.environ.get("RUNTIME_CC", "cc").split()

    def library(name, damage=None):
        archive = work / "lib/libsmall_training.a"
        run(ftmc, work / "trained.ftm", "--emit=lib", "--selftest", "-o", work / "lib")
        if damage:
            archive.write_bytes(damage(bytearray(archive.read_bytes())))
        subprocess.run([*cc, "-std=c11", "-Wall", "-Wextra", "-I", work / "lib", "-x", "c", here / "library_selftest.c.in", "-x", "none", archive, "-fopenmp",
                        "-lm", "-o", work / name], check=True)
        return run(work / name).splitlines()

    def turn(archive):
        archive[archive.find(weight) + 3] ^= 2
        return archive

    def move(archive):
        at = archive.find(numbers)
        archive[at:at + 8] = struct.pack("<d", struct.unpack("<d", numbers[:8])[0] + struct.unpack("<d", numbers[8:])[0])
        return archive

    check(library("sound") == ["0 ", "same 7"], "a library passes, and leaves a context as it began")
    check(library("turned", turn) == ["13 the weights in memory are not those that were compiled", "same 7"], "a bit that turns over is found")
    check(library("moved", move)[0].startswith("13 what a step changes in "), "so is a gradient")
    run(ftmc, work / "trained.ftm", "--emit=lib", "-o", work / "lib")
    check("_selftest(" not in (work / "lib/small_training.h").read_text(), "without the option there is no such function")
    status, _, err = told(ftmc, work / "trained.ftm", "--emit=obj", "--selftest", "-o", work / "x.o")
    check(status == 2 and "--selftest is for programs and libraries of a recipe; it was" in err, "an object is refused")
