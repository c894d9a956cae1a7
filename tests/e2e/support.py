"""What the end-to-end tests share: running commands, reading safetensors, numpy comparisons."""
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
DATA = pathlib.Path(__file__).resolve().parent / "data"
DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32}


def run(*command, code=0, cwd=None, env=None, stdin=None):
    """Runs a command and returns what it printed; another exit code than expected ends the test."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=cwd, env=env, input=stdin)
    if done.returncode != code:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}, expected {code}")
    return done.stdout + done.stderr if code else done.stdout


def host_levels():
    """The instruction set levels that this machine can run, highest first."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    levels = [("x86-64-v4", "avx512vl"), ("x86-64-v3", "avx2"), ("x86-64-v2", "sse4_2")]
    return [name for name, flag in levels if flag in text] or ["native"]


def compile_program(ftmc, recipe, out, *options):
    run(ftmc, recipe, "-o", out, *options)
    return out


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    base = 8 + length
    return {k: np.frombuffer(data[base + v["data_offsets"][0]:base + v["data_offsets"][1]], DTYPES[v["dtype"]]).reshape(v["shape"])
            for k, v in header.items() if k != "__metadata__"}


def metadata(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + length]).get("__metadata__", {})


def relative_difference(a, b):
    """max|a - b| / max|b|"""
    return float(np.max(np.abs(a.astype(np.float64) - b)) / np.max(np.abs(b)))


def check(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")
    print("ok:", text)


def newest_run(folder):
    return sorted(pathlib.Path(folder).iterdir())[-1]


def step_losses(run_folder):
    lines = [json.loads(l) for l in (run_folder / "log.jsonl").read_text().splitlines()]
    return np.array([l["loss"] for l in lines if "step" in l and "loss" in l])
