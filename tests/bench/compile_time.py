#!/usr/bin/env python3
"""How long ftmc takes for a network, and how much code it makes.

    compile_time.py FTMC [NAME...]

For each model whose name contains one of the names (all, without names), with random weights and every parameter trained: seconds
of CPU time and of wall time, kernels of the schedule, functions that are left of them where equal code stands once, and KiB of
code. With other work on the machine the CPU time counts; two cores are used evenly, so half of it is the wall time on two.
"""
import pathlib, re, resource, subprocess, sys, tempfile, time

MODELS = {  # model: file, size of its pictures
    "resnet18": ("resnet", 224), "mobilenet_v2": ("mobilenet", 224), "efficientnet_b0": ("efficientnet", 224),
    "efficientnet_b3": ("efficientnet", 300), "densenet121": ("densenet", 224), "convnext_tiny": ("convnext", 224),
}
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "models"
RECIPE = """import "{folder}/{file}.ftm"
finetune x {{
  model = {name}()
  weights = random
  transform train = resize({size}, {size}), to_rgb(), normalize(imagenet)
  batch = 32
  train all
}}
"""


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def output(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout + done.stderr


def measure(ftmc, name, folder):
    file, size = MODELS[name]
    recipe, program = folder / f"{name}.ftm", folder / name
    recipe.write_text(RECIPE.format(folder=FOLDER, file=file, name=name, size=size))
    cpu, wall = children_seconds(), time.monotonic()
    stats = output(ftmc, recipe, "--stats", "-o", program)
    cpu, wall = children_seconds() - cpu, time.monotonic() - wall
    kernels = int(re.search(r"kernels (\d+)", stats)[1])
    symbols = output("nm", program).splitlines()
    functions = sum(1 for s in symbols if re.search(r" [tT] x\.(?!body\.)", s))
    code = int(re.search(r"\.text\s+(\d+)", output("size", "-A", program))[1])
    print(f"{name:18} {cpu:7.1f} {wall:7.1f} {kernels:8} {functions:10} {code // 1024:8}", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ftmc, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    print(f"{'model':18} {'cpu s':>7} {'wall s':>7} {'kernels':>8} {'functions':>10} {'KiB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            if not names or any(n in name for n in names):
                measure(ftmc, name, pathlib.Path(folder))


if __name__ == "__main__":
    main()
