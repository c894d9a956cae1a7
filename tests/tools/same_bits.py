#!/usr/bin/env python3
"""Whether two builds of ftmc give the same bits: `same_bits.py OLD NEW`, the build folders (with bin/ftmc).

On each instruction set level that the machine runs, or on those named:
    digits    examples/digits/digits.ftm, 300 steps: names, types, shapes and bytes of the tensors of last.safetensors, and the
              losses of all steps in log.jsonl; a SHA-256 of each
    freeze    five recipes that freeze: all but the head, half, by pattern, statistics only, with an inserted layer
    asm       the machine code of every kernel of digits and of ResNet-18 (trained whole; all but the head frozen), names of
              symbols and labels aside; lists the kernels whose code the other build has not
    networks  300 random networks: outputs, gradients and updates have the stored hashes (NEW's numerics_network_bits)

    --only PART[,PART]      just these
    --levels LEVEL[,LEVEL]  just these (default: x86-64-v4, -v3 and -v2, where the machine runs them)
    --quick                 the first level alone, 20 steps of digits, 30 networks
    --keep DIR              what OLD gave is kept there and not made again

The exit code is 1 where something differs. Weights and data are those that examples/digits/run.sh fetches into .cache.
"""
import argparse
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np

from resnet18_file import resnet18_shapes

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from support import CACHE, DATA, host_levels, newest_run, read_safetensors, run  # noqa: E402

DIGITS = ROOT / "examples/digits/digits.ftm"
FREEZE = {
    "head": "freeze all\n    train fc",
    "half": "freeze conv1, bn1, conv2, bn2",
    "pattern": 'freeze "*.weight"\n    train fc',
    "statistics": 'freeze statistics "bn*"',
    "inserted": "insert refine: conv2d(20, kernel = 3, padding = 1, init = identity) after bn3\n    freeze conv1, bn1",
}
RESNET = """import "{root}/models/resnet.ftm"
finetune {name} {{
    model   = resnet18()
    weights = "resnet18.safetensors"
    data {{ train = npy(images = "images.npy", labels = "labels.npy") }}
    transform eval = resize(224, 224), to_rgb(), normalize(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225])
    optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.0001)
    schedule  = constant()
    {statements}
}}
"""


def sha256(*parts):
    h = hashlib.sha256()
    for part in parts:
        h.update(part if isinstance(part, bytes) else part.encode())
    return h.hexdigest()


# ---- what training leaves ----


def tensors_hash(path):
    """Of names, types, shapes and bytes; metadata aside."""
    tensors = read_safetensors(path)
    return sha256(*(part for k in sorted(tensors)
                    for part in (f"{k} {tensors[k].dtype} {tensors[k].shape}\n", tensors[k].tobytes())))


def losses_hash(run_folder):
    """Of the losses as log.jsonl has them, step by step."""
    lines = [json.loads(l) for l in (run_folder / "log.jsonl").read_text().splitlines()]
    return sha256(*(f"{l['step']} {l['loss']!r}\n" for l in lines if "step" in l and "loss" in l))


def trained(ftmc, recipe, work, level, *options):
    program = work / "program"
    run(ftmc, recipe, "-o", program, f"--cpu={level}")
    run(program, "train", "--runs", work / "runs", *options)
    last = newest_run(work / "runs")
    return {"tensors": tensors_hash(last / "last.safetensors"), "losses": losses_hash(last)}


def digits_recipe(build, work):
    """The example's recipe, with absolute names of files. Compilers that know no `split` take it exactly."""
    recipe, text = work / "digits.ftm", DIGITS.read_text().replace("../../.cache", str(CACHE))
    recipe.write_text(text)
    known = subprocess.run([build / "bin/ftmc", "check", recipe], capture_output=True).returncode == 0
    recipe.write_text(text if known else re.sub(r"\n +split += exact", "", text))
    return recipe


def digits(build, level, work, quick):
    return trained(build / "bin/ftmc", digits_recipe(build, work), work, level, "--steps", 20 if quick else 300)


def freeze(build, level, work, quick):
    text = (ROOT / "tests/e2e/small.ftm").read_text().replace('"data/', f'"{DATA}/')
    out = {}
    for name, statements in FREEZE.items():
        folder = work / name
        folder.mkdir()
        (folder / "small.ftm").write_text(text.replace("    labels", f"    {statements}\n    labels", 1))
        for what, value in trained(build / "bin/ftmc", folder / "small.ftm", folder, level).items():
            out[f"{name}: {what}"] = value
    return out


# ---- machine code ----


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))


def resnet18_inputs(work):
    """Some weights and data; their values do not reach the code."""
    rng = np.random.default_rng(1)
    write_safetensors(work / "resnet18.safetensors",
                      {k: rng.random(s, dtype=np.float32) + 0.5 for k, s in resnet18_shapes().items()})
    np.save(work / "images.npy", np.zeros((2, 3, 224, 224), np.float32))
    np.save(work / "labels.npy", np.zeros(2, np.int32))


def labels_of(text):
    """The data of each label outside of code."""
    data, label, code = {}, None, False
    for line in text.splitlines():
        if line.startswith("\t.text") or line.startswith("\t.section\t.text"):
            code = True
        elif line.startswith("\t.section") or line.startswith("\t.data"):
            code, label = False, None
        elif not code and re.match(r"[.\w$]+:", line):
            label = line.split(":")[0]
            data[label] = []
        elif not code and label and re.match(r"\t\.(long|quad|byte|short|zero|asci)", line):
            data[label].append(line.strip())
    return {k: "; ".join(v) for k, v in data.items()}


def kernels_of(text, prefix):
    """The code of each kernel: labels without the number of their function, constants by value, symbols without name."""
    data, out = labels_of(text), {}
    for name, body in re.findall(rf"^{prefix}\.(\S+):.*?\n(.*?)^\.Lfunc_end", text, re.M | re.S):
        body = re.sub(r"\.L(CPI|JTI)\d+_\d+", lambda m: f"<{data.get(m[0], m[0])}>", body)
        body = re.sub(r"\.LBB\d+_", ".LBB_", body)
        out[name] = sha256(re.sub(rf"\b{prefix}\.[\w.]+", "symbol", body))
    return out


def asm(build, level, work, quick):
    resnet18_inputs(work)
    for name, statements in (("resnet18", ""), ("resnet18_head", "freeze all\n    train fc")):
        (work / f"{name}.ftm").write_text(RESNET.format(root=ROOT, name=name, statements=statements))
    out = {}
    for recipe in (digits_recipe(build, work), work / "resnet18.ftm", work / "resnet18_head.ftm"):
        text = work / f"{recipe.stem}.s"
        run(build / "bin/ftmc", recipe, "--emit=asm", f"--cpu={level}", "-o", text)
        out |= {f"{recipe.stem}: {k}": v for k, v in kernels_of(text.read_text(), recipe.stem).items()}
    return out


def compare_asm(old, new):
    """Kernels by their code: the same code under another name is the same."""
    def codes(facts):
        return {(k.split(": ")[0], v) for k, v in facts.items()}
    problems = []
    for here, there, what in ((old, new, "old"), (new, old, "new")):
        missing = [k for k, v in here.items() if (k.split(": ")[0], v) not in codes(there)]
        problems += [f"only in {what}: {k}" for k in sorted(missing)]
    return problems, f"{len(old)} and {len(new)} kernels, {len(codes(old) & codes(new))} codes in both"


# ---- comparing ----


def compare(old, new):
    problems = [f"{k}: {old.get(k)} and {new.get(k)}" for k in sorted(old.keys() | new.keys()) if old.get(k) != new.get(k)]
    return problems, "".join(f"\n      {v}  {k}" for k, v in sorted(new.items()))


PARTS = {"digits": (digits, compare), "freeze": (freeze, compare), "asm": (asm, compare_asm)}


def facts_of(part, build, level, options, keep):
    """What a build gives, as name -> hash."""
    stored = keep / f"{part}_{level}{'_quick' if options.quick else ''}.json" if keep else None
    if stored and stored.exists():
        return json.loads(stored.read_text())
    with tempfile.TemporaryDirectory() as folder:
        facts = PARTS[part][0](build, level, pathlib.Path(folder), options.quick)
    if stored:
        stored.write_text(json.dumps(facts, indent=1))
    return facts


def report(title, problems, text):
    print(f"{'DIFFERENT' if problems else 'same'}  {title}: {text}", *(f"\n      {p}" for p in problems), sep="", flush=True)
    return bool(problems)


def check_part(part, level, options):
    old = facts_of(part, options.old, level, options, options.keep)
    new = facts_of(part, options.new, level, options, None)
    return report(f"{part} {level}", *PARTS[part][1](old, new))


def check_networks(options):
    done = subprocess.run([options.new / "bin/numerics_network_bits", "1", "31" if options.quick else "301"],
                          cwd=ROOT / "tests", capture_output=True, text=True)
    lines = done.stdout.splitlines() or ["the program failed"]
    stored = sha256((ROOT / "tests/numerics/data/network_bits.txt").read_bytes())
    return report("networks", lines[:-1] if done.returncode == 0 else lines, f"{lines[-1]}\n      {stored}  stored hashes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("old", "new"):
        parser.add_argument(name, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--only", default="asm,freeze,digits,networks")
    parser.add_argument("--levels", default=",".join(host_levels()))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    levels, parts = options.levels.split(","), options.only.split(",")
    different = [check_part(part, level, options) for part in parts if part != "networks"
                 for level in levels[:1 if options.quick else None]]
    if "networks" in parts:
        different.append(check_networks(options))
    return 1 if any(different) else 0


if __name__ == "__main__":
    sys.exit(main())
