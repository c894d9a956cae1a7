"""A library of a network with several inputs and outputs: a C program that hands them over by their names, against NumPy; features of several
inputs; and a network of one input and several outputs. library_named.py FTMC"""
import ctypes
import os
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import check, run

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
CC = os.environ.get("RUNTIME_CC", "cc").split()
STRICT = "-Wall -Wextra -Wconversion -pedantic -Werror".split()
PAIR = """
model pair(left: f32[3, H, W], right: f32[3, H, W], classes = 3) {
    x = relu(body: conv2d(concat([left, right]), 8, kernel = 3))
    output logits = fc: linear(flatten(global_avg_pool(x)), classes)
}
finetune pair {
    model   = pair()
    weights = random
    classes = 3
    batch   = 4
    freeze body
    transform eval = resize(6, 5), to_rgb()
    optimizer = sgd(lr = 0.1)
    schedule  = constant()
}
"""
HEADS = """
model heads(image: f32[3, H, W], classes = 3) {
    x = relu(body: conv2d(image, 8, kernel = 3))
    output logits = fc: linear(flatten(global_avg_pool(x)), classes)
    output map = x
}
finetune heads {
    model   = heads()
    weights = random
    classes = 3
    batch   = 4
    transform eval = resize(6, 5), to_rgb()
}
"""


def forward(v):
    """Logits and map of what library_named.c predicts from, by the parameters that it prints."""
    n = 5
    i = np.arange(n * 3 * 6 * 5)
    image = ((i * 7 % 23 - 11) / 8).reshape(n, 3, 6, 5)
    i = np.arange(n * 4)
    side = ((i * 5 % 13 - 6) / 4).reshape(n, 4)
    y = np.maximum(np.einsum("nchw,oc->nohw", image, v["conv.weight"].reshape(8, 3)) + v["conv.bias"][None, :, None, None], 0)
    h = y.mean((2, 3)) * (side @ v["embed.weight"].reshape(8, 4).T + v["embed.bias"])
    return h @ v["fc.weight"].reshape(3, 8).T + v["fc.bias"], y


def check_named(work):
    run(ftmc, here / "several.ftm", "--emit=lib", "-o", work / "several")
    for language in ("-xc -std=c99", "-xc++ -std=c++11"):
        run(*CC, *language.split(), *STRICT, "-fsyntax-only", here / "library_named.c", f"-I{work}/several")
    run(*CC, "-std=c99", here / "library_named.c", f"-I{work}/several", work / "several/libseveral.a", "-fopenmp", "-lm", "-o", work / "named")
    lines = run(work / "named").splitlines()
    said = [line for line in lines if not line.startswith("values ")]
    for line in said:
        check(line.startswith("ok "), line)
    check(len(said) == 18, "all of the program has run")
    v = {line.split()[1]: np.array([float.fromhex(w) for w in line.split()[2:]]) for line in lines if line.startswith("values ")}
    logits, map_ = forward(v)
    check(np.allclose(v["logits"], logits.ravel(), atol=1e-5) and np.allclose(v["map"], map_.ravel(), atol=1e-5), "the numbers are NumPy's")
    labels = [0, 1, 2, 1, 0]
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(5), labels]
    check(abs(v["loss"][0] - losses.mean()) < 1e-5 and v["correct"][0] == np.sum(logits.argmax(1) == labels), "so is what evaluation says")


class Opened:
    """A shared library, by ctypes; the recipe's seed, so that two are alike."""

    def __init__(self, folder, name):
        self.name, self.library = name, ctypes.CDLL(str(folder / f"lib{name}.so"))
        self.size = {k: int(v) for k, v in re.findall(rf"#define {name.upper()}_(\w+) (\d+)", (folder / f"{name}.h").read_text())}
        self.library[f"{name}_workspace_size"].restype = ctypes.c_size_t
        self.model, self.context = (ctypes.c_uint64 * 64)(), ctypes.c_void_p()
        check(self("model_open", self.model, ctypes.c_uint32(self.size["ABI_VERSION"]), None, ctypes.c_size_t(0)) == 0, f"{name} opens")
        bytes_ = self("workspace_size", self.model, None)
        self.memory = ctypes.create_string_buffer(bytes_ + 64)
        start = ctypes.byref(self.memory, -ctypes.addressof(self.memory) % 64)
        check(self("init", self.model, None, start, ctypes.c_size_t(bytes_), ctypes.byref(self.context)) == 0, "a context begins")

    def __call__(self, function, *arguments):
        return self.library[f"{self.name}_{function}"](*arguments)

    def run(self, function, *arguments):
        check(self(function, self.context, *arguments) == 0, function)


def at(*arrays):
    """The struct of such pointers, or the array itself where there is one."""
    pointers = [a.ctypes.data if a is not None else None for a in arrays]
    return (ctypes.c_void_p * len(pointers))(*pointers)


def check_features(work):
    """A step on features of two inputs: the bits of the step on the inputs."""
    (work / "pair.ftm").write_text(PAIR)
    run(ftmc, work / "pair.ftm", "--emit=lib", "-o", work / "pair")
    r = np.random.default_rng(1)
    left, right = (r.standard_normal((4, 3, 6, 5)).astype(np.float32) for _ in range(2))
    labels, n = np.array([0, 1, 2, 0], np.int32), ctypes.c_int64(4)
    direct, kept = Opened(work / "pair", "pair"), Opened(work / "pair", "pair")
    features = np.zeros((4, kept.size["FEATURES"]), np.float32)
    kept.run("features_named", at(left, right), n, features.ctypes.data_as(ctypes.c_void_p))
    losses = [ctypes.c_float(), ctypes.c_float()]
    for _ in range(3):
        direct.run("train_step_named", at(left, right), labels.ctypes.data_as(ctypes.c_void_p), n, ctypes.byref(losses[0]))
        kept.run("train_step_features", features.ctypes.data_as(ctypes.c_void_p), labels.ctypes.data_as(ctypes.c_void_p), n, ctypes.byref(losses[1]))
        check(losses[0].value == losses[1].value > 0, "the loss of the step, and of the one on features")
    outputs = [np.zeros((4, 3), np.float32) for _ in range(3)]
    direct.run("predict_named", at(left, right), n, at(outputs[0]))
    kept.run("predict_named", at(left, right), n, at(outputs[1]))
    kept.run("predict_named", at(right, left), n, at(outputs[2]))
    check(outputs[0].tobytes() == outputs[1].tobytes() != outputs[2].tobytes(), "the same weights; left is not right")


def check_outputs(work):
    """One input and several outputs: both ways to predict."""
    (work / "heads.ftm").write_text(HEADS)
    run(ftmc, work / "heads.ftm", "--emit=lib", "-o", work / "heads")
    heads = Opened(work / "heads", "heads")
    image = np.random.default_rng(2).standard_normal((4, 3, 6, 5)).astype(np.float32)
    plain, named, map_ = np.zeros((4, 3), np.float32), np.zeros((4, 3), np.float32), np.zeros((4, heads.size["OUTPUT_MAP"]), np.float32)
    n, pointer = ctypes.c_int64(4), ctypes.c_void_p
    heads.run("predict", image.ctypes.data_as(pointer), n, plain.ctypes.data_as(pointer))
    heads.run("predict_named", at(image), n, at(named, map_))
    check(plain.tobytes() == named.tobytes() and map_.max() > 0, "the first output either way, and the other one")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    check_named(work)
    if not sanitized:
        check_features(work)
        check_outputs(work)
