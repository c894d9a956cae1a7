"""What the end-to-end tests share: running commands, reading safetensors, numpy comparisons."""
import csv
import json
import pathlib
import signal
import struct
import subprocess
import sys
import time
import zlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
DATA = pathlib.Path(__file__).resolve().parent / "data"
DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32}


def run(*command, code=0, cwd=None, env=None, stdin=None, notes=False):
    """Runs a command and returns what it printed, with what it said on stderr if it failed as expected or `notes` are wanted; another
    exit code than expected ends the test."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=cwd, env=env, input=stdin)
    if done.returncode != code:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}, expected {code}")
    return done.stdout + done.stderr if code or notes else done.stdout


def told(*command):
    """Exit code, stdout and stderr of a command."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def both(program, *arguments, code=0):
    """stdout and stderr of a command that ends with the code."""
    status, out, err = told(program, *arguments)
    check(status == code, f"{pathlib.Path(program).name} {' '.join(map(str, arguments))}: exit code {code}{'' if status == code else err}")
    return out, err


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


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, value in tensors.items():
        dtype = next(word for word, t in DTYPES.items() if value.dtype == t)
        header[name] = {"dtype": dtype, "shape": value.shape, "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))


def metadata(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + length]).get("__metadata__", {})


def relative_difference(a, b):
    """max|a - b| / max|b|"""
    return float(np.max(np.abs(a.astype(np.float64) - b)) / np.max(np.abs(b)))


def state_distance(a, b):
    """The greatest relative difference of the tensors that b has."""
    return max(relative_difference(a[k], b[k]) for k in b)


def check(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")
    print("ok:", text)


def newest_run(folder):
    return sorted(p for p in pathlib.Path(folder).iterdir() if p.name != "cache")[-1]


def step_losses(run_folder):
    lines = [json.loads(l) for l in (run_folder / "log.jsonl").read_text().splitlines()]
    return np.array([l["loss"] for l in lines if "step" in l and "loss" in l])


def log_lines(folder):
    """The log without what a clock says."""
    lines = [json.loads(l) for l in (folder / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in l.items() if k != "seconds"} for l in lines]


def metric_rows(folder):
    """metrics.csv without what a clock says."""
    with open(folder / "metrics.csv") as f:
        return [row[:-1] for row in csv.reader(f)]


def same_run(a, b):
    """Whether two runs left the same files, but for what a clock says."""
    files = ["last.safetensors", "best.safetensors", "predictions.csv", "confusion.csv", "split.csv"]
    return all((a / f).read_bytes() == (b / f).read_bytes() for f in files) and log_lines(a) == log_lines(b) and \
        metric_rows(a) == metric_rows(b)


def same_numbers(a, b):
    """Whether two runs, of programs whose recipes say something else, left the same tensors, answers and figures."""
    weights = ("last.safetensors", "best.safetensors")
    return all(read_safetensors(a / f)[k].tobytes() == v.tobytes() for f in weights for k, v in read_safetensors(b / f).items()) and \
        (a / "predictions.csv").read_bytes() == (b / "predictions.csv").read_bytes() and log_lines(a) == log_lines(b) and \
        metric_rows(a) == metric_rows(b)


def kill_at(command, log, lines, delay):
    """Starts a command and kills it when the log has so many lines, a moment later; whether it still ran."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while process.poll() is None and time.time() < deadline:
        if log.exists() and log.read_bytes().count(b"\n") >= lines:
            time.sleep(delay)
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    return process.returncode == -signal.SIGKILL


def write_png(path, pixels):
    """8-bit grey [h, w] or RGB [h, w, 3] (PNG specification, filter 0)."""
    h, w = pixels.shape[:2]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[y].tobytes() for y in range(h))
    head = struct.pack(">IIBBBBB", w, h, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def read_pictures():
    """The picture files of the stored references (tests/tools/make_picture_reference.py), of all kinds, a few pixels each."""
    data, files = (ROOT / "tests" / "unit" / "data" / "pictures.ref").read_bytes(), []
    while data:
        (size,) = struct.unpack("<I", data[:4])
        height, width, channels = struct.unpack("<HHB", data[4 + size:9 + size])
        files.append(data[4:4 + size])
        data = data[4 + size + 8 + height * width * channels:]
    return files


def spoil_png(path):
    """Damages the packed pixels of a file that write_png has made: only decoding finds it."""
    data = bytearray(path.read_bytes())
    data[41] ^= 0xff
    path.write_bytes(data)


def check_training(program, work, stored, exact, level):
    """Trains 20 steps on the data in `work`, by 1, 2 and 3 threads, and holds files, losses and state to PyTorch's: `stored` has its
    losses and how far its f32 run is from `exact`, the state in double precision."""
    files = []
    for threads in (1, 2, 3):
        out = work / f"t{threads}.safetensors"
        run(program, "train", "--threads", threads, "--out", out, "--data", work)
        files.append(out.read_bytes())
    check(files[0] == files[1] == files[2], f"{level}: 1, 2 and 3 threads give the same file")
    losses = step_losses(newest_run(work / "runs"))
    worst = np.max(np.abs(losses - stored["losses"]) / stored["losses"])
    check(len(losses) == 20 and worst < 1e-3, f"{level}: 20 losses within 1e-3 of PyTorch's ({worst:.1e})")
    d, of_pytorch = state_distance(read_safetensors(work / "t1.safetensors"), exact), float(stored["distance"])
    check(d < 2.5 * of_pytorch, f"{level}: {d:.1e} from the state in double precision, PyTorch's is {of_pytorch:.1e}")
