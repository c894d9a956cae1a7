"""A model of several inputs and outputs, of other types and ranks than images, and layers of several results, used from a library: a C program that finds
entries and values by kind, role and name, against NumPy. As a program it says what it cannot be fed."""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from support import check, compile_program, run

MODEL = """
model net(image: f32[3, H, W], side: f32[8], ids: i32[H, 2, 2, 2, 2], bytes: u8[H, 2, 2, 2, 2], flag: i16[], classes = 4) {
    x = relu(conv: conv2d(image, 8, kernel = 1))
    parts = split(x, [5, 3])
    y = concat([parts[1], parts[0]])
    halves = chunk(y, 2)
    output logits = fc: linear(flatten(global_avg_pool(halves[0] * halves[1])) * embed: linear(side, 4), classes)
    output map = x
    output numbers = ids
    output also = bytes
    output sign = flag
}

finetune two {
    model   = net()
    weights = random
    classes = 4
    batch   = 8
    DATA
    transform eval = resize(6, 5), to_rgb()
    optimizer = sgd(lr = 0.1)
    schedule  = constant()
}
"""
# Frozen layers have the image, which their features stand for, and something else is an input of what predicts.
PASSED = """
model passed(image: f32[3, H, W], flag: i32[], classes = 4) {
    x = relu(conv: conv2d(image, 8, kernel = 3))
    output logits = fc: linear(flatten(global_avg_pool(x)), classes)
    output again = flag
}

finetune passed {
    model   = passed()
    weights = random
    classes = 4
    batch   = 8
    freeze conv
    transform eval = resize(6, 5), to_rgb()
}
"""
# Calls an entry of a kind for a batch of n, with values in files of their names; then writes the states.
DRIVER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ftmrt.h"

extern const struct ftmrt_program two_program;

static void *value(const struct ftmrt_value *v, int64_t n, int read)
{
    char path[100];
    size_t bytes = ftmrt_value_bytes(v, n);
    void *data = calloc(1, bytes);
    snprintf(path, sizeof path, "%s.bin", v->name);
    FILE *f = read ? fopen(path, "rb") : NULL;
    if (read && (!f || fread(data, 1, bytes, f) != bytes))
        exit(3);
    if (f)
        fclose(f);
    return data;
}

static void write_file(const char *name, const void *data, size_t bytes)
{
    char path[100];
    snprintf(path, sizeof path, "%s.bin", name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, bytes, f) != bytes || fclose(f))
        exit(4);
}

static const char *role_word(uint32_t role)
{
    static const char *const words[] = {
#define FTMRT_ROLE(name, word, input, output, meaning) [FTMRT_ROLE_##name] = word,
#include "role.def"
#undef FTMRT_ROLE
    };
    return words[role];
}

int main(int argc, char **argv)
{
    const struct ftmrt_program *p = &two_program;
    const int64_t n = 7;
    const void *inputs[16];
    void *outputs[16];
    struct ftmrt_context context = {.threads = 2};
    context.workspace = aligned_alloc(64, (ftmrt_workspace_bytes(p, 2) + 63) / 64 * 64);
    if (argc < 3 || ftmrt_init_workspace(p, context.workspace, 5) != FTMRT_OK)
        return 2;
    for (int step = 0; step < atoi(argv[2]); step++) {
        const struct ftmrt_entry *e = ftmrt_entry_for(p, (enum ftmrt_entry_kind)atoi(argv[1]), NULL, 0, n);
        for (uint32_t i = 0; i < e->input_count; i++)
            inputs[i] = value(&e->inputs[i], n, 1);
        for (uint32_t i = 0; i < e->output_count; i++)
            outputs[i] = value(&e->outputs[i], n, 0);
        if (e->run(&context, inputs, outputs, n) != FTMRT_OK)
            return 5;
        for (uint32_t i = 0; i < e->output_count; i++) {
            printf("%s:%s ", e->outputs[i].name, role_word(e->outputs[i].role));
            write_file(e->outputs[i].name, outputs[i], ftmrt_value_bytes(&e->outputs[i], n));
        }
        for (uint32_t i = 0; i < e->input_count; i++)
            printf("%s:%s ", e->inputs[i].name, role_word(e->inputs[i].role));
        puts("");
        for (uint32_t i = 0; i < e->input_count; i++)
            free((void *)(uintptr_t)inputs[i]);
        for (uint32_t i = 0; i < e->output_count; i++)
            free(outputs[i]);
    }
    for (uint32_t i = 0; i < p->state_count; i++) {
        size_t bytes = (size_t)ftmrt_elements(p->states[i].rank, p->states[i].dim) * 4;
        void *state = malloc(bytes);
        if (ftmrt_get_state(p, context.workspace, i, state, bytes) != FTMRT_OK)
            return 6;
        write_file(p->states[i].name, state, bytes);
        free(state);
    }
    free(context.workspace);
    return 0;
}
"""
ftmc = pathlib.Path(sys.argv[1])
PREDICT, TRAIN, EVAL = 0, 1, 2  # entry_kind.def
N = 7


def load(name, *shape):
    return np.fromfile(f"{work}/{name}.bin", np.float32).reshape(shape).astype(np.float64)


def forward(x):
    """Logits and map, from the states as the program left them."""
    w, b = load("conv.weight", 8, 3), load("conv.bias", 8)
    y = np.maximum(np.einsum("nchw,oc->nohw", x["image"].astype(np.float64), w) + b[None, :, None, None], 0)
    turned = np.concatenate([y[:, 5:], y[:, :5]], 1)
    h = (turned[:, :4] * turned[:, 4:]).mean((2, 3)) * (x["side"] @ load("embed.weight", 4, 8).T + load("embed.bias", 4))
    return h @ load("fc.weight", 4, 4).T + load("fc.bias", 4), y


def cross_entropy(z, labels):
    z = z - z.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), labels]))


with tempfile.TemporaryDirectory() as work:
    folder = pathlib.Path(work)
    (folder / "two.ftm").write_text(MODEL.replace("DATA", ""))
    (folder / "main.c").write_text(DRIVER)
    run(ftmc, folder / "two.ftm", "--emit=obj", "-o", folder / "two.o")
    root = ftmc.resolve().parents[1]
    subprocess.run([*os.environ.get("RUNTIME_CC", "cc").split(), "-std=c17", "-Wall", "-Werror", "-I", root / "include/ftmc", "-o", folder / "main", folder / "main.c",
                    folder / "two.o", root / "lib/ftmc/libftmrt.a", "-fopenmp", "-lm"], check=True)
    rng = np.random.default_rng(1)
    x = {"image": rng.standard_normal((N, 3, 6, 5)).astype(np.float32), "side": rng.standard_normal((N, 8)).astype(np.float32),
         "ids": rng.integers(-2**31, 2**31, (N, 6, 2, 2, 2, 2)).astype(np.int32), "bytes": rng.integers(0, 256, (N, 6, 2, 2, 2, 2)).astype(np.uint8),
         "flag": rng.integers(-2**15, 2**15, N).astype(np.int16),
         "label": rng.integers(0, 4, N).astype(np.int32)}
    x |= {"lr": np.float32(0.1), "momentum": np.float32(0), "weight_decay": np.float32(0)}
    for name, value in x.items():
        value.tofile(folder / f"{name}.bin")

    told = run(folder / "main", PREDICT, 1, cwd=folder)
    check(told.split() == ["logits:logits", "map:none", "numbers:none", "also:none", "sign:none", "image:input", "side:input",
                           "ids:input", "bytes:input", "flag:input"],
          "the table names inputs and outputs in the order of the model, with their roles")
    logits, map_ = forward(x)
    check(np.allclose(load("logits", N, 4), logits, atol=1e-5) and np.allclose(load("map", N, 8, 6, 5), map_, atol=1e-5),
          "two inputs are computed with, two outputs come out")
    check(all((folder / f"{out}.bin").read_bytes() == x[name].tobytes()
              for out, name in (("numbers", "ids"), ("also", "bytes"), ("sign", "flag"))),
          "integers of 4, 1 and 2 bytes, of rank 6 and 1, come out as they went in")

    run(folder / "main", EVAL, 1, cwd=folder)
    before = load("loss")
    check(abs(before - cross_entropy(logits, x["label"])) < 1e-5, "evaluation")
    run(folder / "main", TRAIN, 30, cwd=folder)
    after = load("loss")
    check(after < before, "a step's gradients reach the parameters of both inputs")
    check(abs(cross_entropy(forward(x)[0], x["label"]) - after) < 0.05 * before, "and the states are those of the steps")

    program = compile_program(ftmc, folder / "two.ftm", folder / "two")
    check("takes 'side' beside the image" in run(program, "info", code=1), "the program says that no source feeds it")
    (folder / "passed.ftm").write_text(PASSED)
    run(ftmc, folder / "passed.ftm", "-o", folder / "passed")
    for command in ("info", "selftest", "train"):
        check("takes 'flag' beside the image" in run(folder / "passed", command, code=1), f"{command}: also where the image goes to frozen layers alone")
    (folder / "two.ftm").write_text(MODEL.replace("DATA", 'data { train = npy(images = "x.npy", labels = "y.npy") }'))
    check("E0613" in run(ftmc, "check", folder / "two.ftm", code=1), "and the compiler where the recipe names one")
