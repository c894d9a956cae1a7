#!/usr/bin/env python3
"""From the start of a process to its first answer, beside ONNX Runtime: start.py PROGRAM PICTURE --weights FILE [--times 15]

PROGRAM is EfficientNet-Lite0 at 224 x 224, compiled with --infer; it runs in turn with a Python process that imports ONNX Runtime, opens
the same network, decodes the picture with Pillow and runs it once. Needs torch (to export the network once), onnxruntime and Pillow.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUN = """
import sys
import numpy, onnxruntime
from PIL import Image
x = numpy.asarray(Image.open(sys.argv[1]).convert("RGB").resize((224, 224)), numpy.float32)
o = onnxruntime.SessionOptions()
o.intra_op_num_threads = 2
s = onnxruntime.InferenceSession(sys.argv[2], o, providers=["CPUExecutionProvider"])
print(s.run(None, {"x": ((x - 127) / 128).transpose(2, 0, 1)[None]})[0].argmax())
"""


def export(weights, path):
    import torch
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
    from make_lite0_reference import forward
    w = {k: v.float() for k, v in torch.load(weights, map_location="cpu", weights_only=True).items()}

    class Net(torch.nn.Module):
        def forward(self, x):
            return forward(w, x)

    torch.onnx.export(Net().eval(), (torch.zeros(1, 3, 224, 224),), path, input_names=["x"], dynamo=False)


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def text(times):
    return f"{1e3 * statistics.median(times):.1f} ms ({1e3 * min(times):.1f} to {1e3 * max(times):.1f})"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program", type=pathlib.Path)
    p.add_argument("picture", type=pathlib.Path)
    p.add_argument("--weights", required=True)
    p.add_argument("--times", type=int, default=15)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        net = pathlib.Path(folder) / "lite0.onnx"
        export(a.weights, net)
        ours, theirs = [a.program.resolve(), "predict", a.picture], [sys.executable, "-c", RUN, a.picture, net]
        seconds(ours), seconds(theirs)
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(a.times)]
    ours, theirs = zip(*pairs)
    print(f"program {text(ours)}, ONNX Runtime {text(theirs)}: {statistics.median(theirs) / statistics.median(ours):.1f} times")


main()
