"""Teachers: five steps against NumPy in double precision, with one teacher and two, of the images of training and of a size and normalisation of
their own; their classes in another order; runs that were killed; what files hold. distillation.py FTMC"""
import json
import os
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, host_levels, read_safetensors, run, step_losses, told

ftmc = sys.argv[1]
RATE, STEPS, BATCH, CLASSES = 0.05, 5, 8, 5
NAMES = ["ant", "bee", "cat", "dog", "emu"]
RECIPE = """
model line(image: f32[3, H, W], classes = 5) {{
    output logits = fc: linear(flatten(image), classes)
}}
finetune {name} {{
    model   = line()
    weights = {weights}
    labels  = {labels}
    data {{
        train = npy(images = "{images}", labels = "labels.npy")
        {more}
    }}
    transform eval = resize({size}, {size}), to_rgb(), normalize(mean = 0, std = 1, scale = 1)
    optimizer = sgd(lr = {rate})
    schedule  = constant()
    epochs    = 2
    batch     = {batch}
    shuffle   = false
    {teachers}
}}
"""
TEACHER = """
    teacher {name} {{
        model   = line()
        weights = "{weights}"
        {more}
    }}
"""


def write_recipe(work, name, weights="random", labels=NAMES, images="images.npy", size=12, teachers="", more=""):
    text = RECIPE.format(name=name, weights=weights, labels=json.dumps(labels), images=images, size=size, rate=RATE, batch=BATCH, teachers=teachers, more=more)
    (work / f"{name}.ftm").write_text(text)
    return work / f"{name}.ftm"


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def divergence(p, q):
    return (p * (np.log(p) - np.log(q))).sum(1).mean()


def steps(start, images, labels, teachers):
    """Losses and weights of SGD on (1 - shares) CE + sum of share T^2 KL. teachers: (logits, temperature, share)."""
    w, b = start["fc.weight"].astype(np.float64), start["fc.bias"].astype(np.float64)
    losses = []
    for step in range(STEPS):
        at = np.arange(len(images))[step % 4 * BATCH:][:BATCH]  # four steps are an epoch
        x, known = images[at].reshape(len(at), -1).astype(np.float64), labels[at] >= 0
        onehot = np.eye(CLASSES)[labels[at]] * known[:, None]
        z = x @ w.T + b
        rest = (1 - sum(share for _, _, share in teachers)) * len(at) / max(known.sum(), 1)  # of those that have a label
        loss, dz = -rest * (onehot * np.log(softmax(z))).sum(1).mean(), rest * (softmax(z) - onehot) * known[:, None]
        for logits, t, share in teachers:
            p, q = softmax(logits[at] / t), softmax(z / t)
            loss, dz = loss + share * t * t * divergence(p, q), dz + share * t * (q - p)
        losses.append(loss)
        w, b = w - RATE * dz.T @ x / len(at), b - RATE * dz.mean(0)
    return np.array(losses), w, b


def train(work, recipe, *options):
    program = compile_program(ftmc, recipe, work / recipe.stem, *options)
    run(program, "train", "--steps", STEPS, "--init-out", work / "start.safetensors", "--out", work / "end.safetensors", cwd=work)
    return read_safetensors(work / "start.safetensors"), read_safetensors(work / "end.safetensors"), step_losses(max((work / "runs").iterdir(), key=lambda p: p.name[-3:]))


def compare(work, what, recipe, teachers, *options, data=None):
    start, end, losses = train(work, recipe, *options)
    wanted, w, b = steps(start, *(data or (images, labels)), teachers)
    far = max(np.abs(np.array(losses) - wanted).max() / wanted.max(), np.abs(end["fc.weight"] - w).max() / np.abs(w).max())
    check(far < 2e-6 and set(end) == {"fc.weight", "fc.bias"}, f"{what}: {STEPS} steps are NumPy's ({far:.1e}), and files have no teacher")
    check(np.abs(w - start["fc.weight"]).max() > 1e-3, "and have changed something")
    return end


def logits_of(file, x):
    t = read_safetensors(file)
    return x.reshape(len(x), -1).astype(np.float64) @ t["fc.weight"].T.astype(np.float64) + t["fc.bias"]


images, labels = np.load(DATA / "small_images.npy").astype(np.float32), np.load(DATA / "small_labels.npy")

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    halves = images.reshape(len(images), 3, 6, 2, 6, 2).mean((3, 5))
    mean, std = np.array([10, -20, 5]), np.array([2.0, 0.5, 4])
    small = ((halves - mean[:, None, None]) / std[:, None, None]).astype(np.float32)
    np.save(work / "images.npy", images)
    np.save(work / "small.npy", small)
    np.save(work / "labels.npy", labels)
    order = [3, 0, 4, 1, 2]
    files = {}
    for name, source, size, names in (("whole", "images.npy", 12, NAMES), ("half", "small.npy", 6, NAMES), ("other", "images.npy", 12, [NAMES[k] for k in order])):
        np.save(work / "labels.npy", labels if names is NAMES else np.argsort(order)[labels])
        program = compile_program(ftmc, write_recipe(work, name, images=source, size=size, labels=names), work / name, "-D", f"seed={len(files) + 7}")
        files[name] = work / f"{name}.safetensors"
        run(program, "train", "--out", files[name], cwd=work)
    np.save(work / "labels.npy", labels)

    one = logits_of(files["whole"], images)
    whole = write_recipe(work, "one", teachers=TEACHER.format(name="t", weights="whole.safetensors", more=""))
    end = compare(work, "a teacher", whole, [(one, 4, 0.7)])
    compare(work, "another temperature and share", whole, [(one, 1.5, 1)], "-D", "t.temperature=1.5", "-D", "t.share=1")
    two = logits_of(files["half"], small)
    own = TEACHER.format(name="half", weights="half.safetensors", more="share = 0.25\n        transform eval = resize(6, 6), normalize(mean = [10, -20, 5], "
                         "std = [2, 0.5, 4], scale = 1)")
    other = TEACHER.format(name="t", weights="other.safetensors", more="share = 0.5\n        temperature = 2")
    both = write_recipe(work, "both", teachers=own + other)
    compare(work, "two, of which one has images of its own and one its classes in another order", both,
            [(two, 4, 0.25), (logits_of(files["other"], images)[:, np.argsort(order)], 2, 0.5)])

    # 5 samples have labels, 25 none: of three steps all are without
    np.save(work / "few.npy", images[:5])
    np.save(work / "few_labels.npy", labels[:5])
    np.save(work / "more.npy", images[5:])
    np.save(work / "more_labels.npy", np.zeros(25, labels.dtype))
    text = (work / "one.ftm").read_text().replace('images = "images.npy", labels = "labels.npy")',
                                                  'images = "few.npy", labels = "few_labels.npy")\n        unlabelled = npy(images = "more.npy", labels = "more_labels.npy")')
    (work / "unlabelled.ftm").write_text(text.replace("finetune one", "finetune unlabelled"))
    compare(work, "pictures without labels, batches without any", work / "unlabelled.ftm", [(one, 4, 0.7)],
            data=(images, np.where(np.arange(30) < 5, labels, -1)))
    said = run(work / "unlabelled", "train", "--steps", 1, cwd=work)
    check("training samples 30," in said and "of the training samples 25 are unlabelled: " in said, "they are counted")

    compare(work, "again the two", both, [(two, 4, 0.25), (logits_of(files["other"], images)[:, np.argsort(order)], 2, 0.5)])
    bits = {(work / "end.safetensors").read_bytes()}
    for threads in (1, 2, 3):
        run(work / "both", "train", "--steps", STEPS, "--threads", threads, "--out", work / "again.safetensors", cwd=work)
        bits.add((work / "again.safetensors").read_bytes())
    check(len(bits) == 1, "the same bits for any number of threads")
    check("0.0 %" in run(ftmc, "explain", both), "with a teacher no features are kept: it wants the images")
    said = run(ftmc, "check", both, "--resolved")
    (work / "resolved.ftm").write_text(said)
    check(run(ftmc, "check", work / "resolved.ftm", "--resolved") == said, "the resolved recipe says the same again")
    program = compile_program(ftmc, both, work / "infer", "--infer", f"--weights={work}/end.safetensors")
    check("fc.weight" not in run(program, "info") and b"half/" not in program.read_bytes(), "what only predicts has no teacher")
    status, _, err = told(ftmc, write_recipe(work, "none", teachers=TEACHER.format(name="t", weights="nowhere.safetensors", more="")), "-o", work / "none")
    check(status == 1 and "nowhere.safetensors" in err, "a file that is not there is said")

    # `ftmc run` keeps programs: another teacher makes another one
    env = {**os.environ, "XDG_CACHE_HOME": str(work / "cache")}
    texts = []
    for weights in ("whole", "whole", "other"):
        (work / "whole2.safetensors").write_bytes(files[weights].read_bytes())
        kept = write_recipe(work, "kept", teachers=TEACHER.format(name="t", weights="whole2.safetensors", more=""))
        run(ftmc, "run", kept, "train", "--steps", 2, "--out", work / "kept.safetensors", cwd=work, env=env)
        texts.append((work / "kept.safetensors").read_bytes())
    check(texts[0] == texts[1] != texts[2], "ftmc run: a teacher's file that changed is seen")
