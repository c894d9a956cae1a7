"""--selftest: a program knows outputs of the double-precision interpreter, and finds a weight that is another one."""
import pathlib
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
        check(said.count("of those in double precision\n") == 2 and "all checks passed" in said, f"{name}: the outputs are the interpreter's")
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

    status, _, err = told(ftmc, work / "trained.ftm", "--emit=lib", "--selftest", "-o", work / "lib")
    check(status == 2 and "--selftest is for programs of a recipe; it was" in err, "a library is refused")
