"""A network with every layer passes its selftest - outputs, and what a step changes, beside double precision - at each level of x86-64 that
this processor has, and on aarch64: every_layer.py FTMC

aarch64 is left out where the cross compiler or qemu is absent (Debian packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user)."""
import pathlib
import re
import shutil
import sys
import tempfile

import numpy as np

from support import check, compile_program, run, told

ftmc, here = sys.argv[1], pathlib.Path(__file__).resolve().parent
STATES = 50  # whose change is compared, at least: two slots of each parameter

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    recipe = pathlib.Path(shutil.copy(here / "every_layer.ftm", work))
    r = np.random.default_rng(1)
    np.save(work / "every_images.npy", r.integers(0, 256, (32, 16, 16, 3)).astype(np.uint8))
    np.save(work / "every_labels.npy", r.integers(0, 5, 32).astype(np.int64))
    text = recipe.read_text()
    layers = set(re.findall(r"^FTM_CALL\((\w+), LAYER|^FTM_OP_CALL\((\w+),", "\n".join((here.parents[1] / "compiler" / f).read_text() for f in ("lang/layers.def", "ops/ops.def")), re.M))
    spelled = {"add": "+", "sub": "-", "mul": "*", "div": "/", "target_scale": ""}
    missing = [l for l in sorted({a or b for a, b in layers}) if spelled.get(l, l + "(") not in text]
    check(layers and not missing, f"every layer stands in the network {missing}")

    for level in ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"):
        program = compile_program(ftmc, recipe, work / level, "--selftest", f"--cpu={level}")
        status, out, err = told(program, "selftest")
        if "lacks instructions" in err:
            print(f"{level} is not here: left out")
            continue
        compared = re.search(r"what it changes in (\d+) states", out)
        check(status == 0 and compared and int(compared[1]) >= STATES, f"{level} {out}{err}")

    if all(shutil.which(tool) for tool in ("aarch64-linux-gnu-gcc", "qemu-aarch64")):
        run(ftmc, recipe, "--emit=lib", "--selftest", "--threads=none", "--target=aarch64-linux-gnu", "-o", work / "lib")
        run("aarch64-linux-gnu-gcc", "-std=c11", "-Wall", "-Wextra", f"-I{work / 'lib'}", "-x", "c", here / "every_layer.c.in", "-x", "none", work / "lib/libevery_layer.a", "-lm", "-o", work / "arm")
        check(run("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", work / "arm") == "0 \n", "aarch64")
    else:
        print("aarch64 is not here: left out")
