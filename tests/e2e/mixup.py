"""mix = mixup(alpha): 20 steps of a linear network against the same training written out here, with the same draws; the same bits for
any number of threads; evaluation is of whole samples."""
import json
import math
import pathlib
import sys
import tempfile

import numpy as np

from support import check, compile_program, newest_run, run, step_losses

ftmc = sys.argv[1]
ALPHA, SEED, BATCH, EPOCHS, N, K = 0.4, 11, 8, 5, 30, 3
USE_SHUFFLE, USE_MIX = 1, 5
RECIPE = """model line(image: f32[1, 3, 3], classes = 3) {{
    output logits = fc: linear(flatten(image), classes)
}}

finetune mixed {{
    model   = line()
    weights = random
    classes = 3
    replace fc with linear(classes, init = zeros)
    data {{
        train = npy(images = "images.npy", labels = "labels.npy"{kind})
        test  = npy(images = "images.npy", labels = "labels.npy"{kind})
    }}
    transform eval = resize(3, 3), to_grey(), normalize(mean = 0, std = 1)
    {mix}
    loss      = {loss}
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    schedule  = constant()
    epochs = {epochs}
    batch  = {batch}
    seed   = {seed}
}}
"""
MASK = (1 << 64) - 1


def random(seed, stream, index, use):
    """ftmrt_random: Philox 4x32-10."""
    x = (stream + use * 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    lane = x ^ x >> 31
    c = [index & 0xFFFFFFFF, index >> 32, lane & 0xFFFFFFFF, lane >> 32]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k0, p1 & 0xFFFFFFFF, p0 >> 32 ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return c[0] | c[1] << 32


def uniform(seed, stream, index, use):
    return (random(seed, stream, index, use) >> 11) * 2.0 ** -53


def part(epoch, sample):
    """A number of Beta(ALPHA, ALPHA) from Student's t with 2 ALPHA degrees of freedom."""
    u, v = (uniform(SEED, epoch, sample, USE_MIX + (number << 16)) for number in (1, 2))
    t = math.sqrt(2 * ALPHA * (u ** (-1 / ALPHA) - 1)) * math.cos(2 * math.pi * v)
    return (1 + t / math.sqrt(2 * ALPHA + t * t)) / 2


def order(epoch):
    o = list(range(N))
    for i in range(N - 1, 0, -1):
        j = int(uniform(SEED, epoch, i, USE_SHUFFLE) * (i + 1))
        o[i], o[j] = o[j], o[i]
    return o


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def binary_loss(z, t):
    return np.mean(np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))), (1 / (1 + np.exp(-z)) - t) / z.size


def softmax_loss(z, t):
    return -np.mean(np.sum(t * np.log(softmax(z)), axis=1)), (softmax(z) - t) / len(z)


def reference(images, targets, loss):
    """Losses of the steps; every sample is mixed with another one of its batch."""
    w, b = np.zeros((K, 9)), np.zeros(K)
    slots, losses = [np.zeros_like(w), np.zeros_like(b)], []
    for epoch in range(1, EPOCHS + 1):
        samples = order(epoch)
        for first in range(0, N, BATCH):
            batch = samples[first:first + BATCH]
            share = np.array([part(epoch, i) for i in batch])[:, None]
            other = [batch[int(uniform(SEED, epoch, i, USE_MIX) * len(batch))] for i in batch]
            x = share * images[batch] + (1 - share) * images[other]
            value, dz = loss(x @ w.T + b, share * targets[batch] + (1 - share) * targets[other])
            losses.append(value)
            for p, s, g in ((w, slots[0], dz.T @ x), (b, slots[1], dz.sum(0))):
                s[:] = 0.9 * s + g
                p -= 0.05 * s
    return np.array(losses)


def trained(work, name, loss, mix=f"mix = mixup(alpha = {ALPHA})", kind=""):
    text = RECIPE.format(mix=mix, loss=loss, kind=kind, epochs=EPOCHS, batch=BATCH, seed=SEED)
    (work / f"{name}.ftm").write_text(text)
    program = compile_program(ftmc, work / f"{name}.ftm", work / name)
    one, three = work / f"{name}1.safetensors", work / f"{name}3.safetensors"
    said = run(program, "train", "--threads", 1, "--out", one, "--runs", work / f"{name}_runs")
    run(program, "train", "--threads", 3, "--out", three)
    check(one.read_bytes() == three.read_bytes(), f"{name}: 3 threads give the same file")
    return program, one, said, step_losses(newest_run(work / f"{name}_runs"))


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, K, N)
    images = rng.normal(0, 1, (N, 9)).astype(np.float32)
    images[np.arange(N), labels] += 2
    np.save(work / "images.npy", images.reshape(N, 1, 3, 3))
    np.save(work / "labels.npy", labels.astype(np.int32))
    targets = np.eye(K)[labels]

    program, out, said, losses = trained(work, "mixed", "cross_entropy()")
    worst = np.max(np.abs(losses / reference(images, targets, softmax_loss) - 1))
    check(len(losses) == 20 and worst < 2e-5, f"20 losses of mixed samples within 2e-5 of the reference ({worst:.1e})")
    check("accuracy" not in said, "mixed samples have no accuracy")
    told = json.loads(run(program, "eval", "--json", "--weights", out, "--logits", work / "logits.npy"))
    logits = np.load(work / "logits.npy").astype(np.float64)
    check(abs(told["loss"] - softmax_loss(logits, targets)[0]) < 1e-6 and "accuracy" in told, "evaluation does not mix, and tells it")

    _, other, _, plain = trained(work, "plain", "cross_entropy()", mix="")
    check(other.read_bytes() != out.read_bytes() and abs(plain[0] - losses[0]) < 1e-6, "without it other weights are learnt")

    _, cut, _, losses = trained(work, "cut", "cross_entropy()", mix="mix = cutmix(alpha = 1)")
    check(cut.read_bytes() not in (out.read_bytes(), other.read_bytes()) and losses[-5:].mean() < losses[0], "cutmix learns, and other weights")

    yes_no = rng.random((N, K)) < 0.5
    np.save(work / "labels.npy", yes_no)
    _, _, _, losses = trained(work, "yes_no", "binary_cross_entropy_with_logits()", kind=", kind = vector")
    worst = np.max(np.abs(losses / reference(images, yes_no.astype(float), binary_loss) - 1))
    check(worst < 2e-5, f"a yes or no for each class is mixed, too ({worst:.1e})")
