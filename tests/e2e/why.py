"""`predict --why`: the map of a class, by the same in numpy: exactly behind a mean over all places and a linear layer (Zhou et al. 2016), by
gradients behind other heads (Selvaraju et al. 2017); what it draws; and what is refused in words."""
import pathlib
import sys
import tempfile

import numpy as np

from support import both, check, compile_program, newest_run, read_safetensors, run, told, write_png

ftmc = sys.argv[1]
MODEL = """model tiny(image: f32[3, 12, 12], classes = 3) {
    x = relu(conv: conv2d(image, 8, kernel = 3, stride = 2, padding = 1))
    HEAD
}

finetune tiny_why {
    model   = tiny()
    weights = random
    labels  = ["a", "b", "c"]
    freeze conv
    data { train = npy(images = "x.npy", labels = "y.npy") }
    transform eval = resize(12, 12), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.2)
    schedule  = constant()
    epochs = 2
    batch  = 8
}
"""
HEADS = {
    "shuffled": "y = reshape(permute(reshape(x, [2, 4, 6, 6]), [0, 2, 1, 3, 4]), [8, 6, 6])\n"
                "    output logits = fc: linear(flatten(global_avg_pool(mix: conv2d(y, 8, kernel = 1))), classes)",
    "linear": "output logits = fc: linear(dropout(flatten(global_avg_pool(x)), 0.2), classes)",
    "hidden": "output logits = fc: linear(relu(hidden: linear(flatten(global_avg_pool(x)), 6)), classes)",
    "places": "output logits = fc: linear(flatten(max_pool(x, kernel = 2)), classes)",
}


def features(image, w):
    """relu(conv) of [3, 12, 12]."""
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((8, 6, 6))
    for i in range(6):
        for j in range(6):
            out[:, i, j] = np.tensordot(w["conv.weight"], padded[:, 2 * i:2 * i + 3, 2 * j:2 * j + 3], 3) + w["conv.bias"]
    return np.maximum(out, 0)


def logit(a, w, head, k):
    if head == "places":
        return w["fc.weight"][k] @ a.ravel() + w["fc.bias"][k]
    x = a.mean((1, 2))
    if head == "hidden":
        x = np.maximum(w["hidden.weight"] @ x + w["hidden.bias"], 0)
    return w["fc.weight"][k] @ x + w["fc.bias"][k]


def gradient(a, w, head, k, h=1e-5):
    g = np.zeros_like(a)
    for i in np.ndindex(a.shape):
        up, down = a.copy(), a.copy()
        up[i] += h
        down[i] -= h
        g[i] = (logit(up, w, head, k) - logit(down, w, head, k)) / (2 * h)
    return g


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(5)
    np.save(work / "x.npy", rng.normal(size=(24, 3, 12, 12)).astype(np.float32))
    np.save(work / "y.npy", rng.integers(0, 3, 24).astype(np.int64))
    pixels = rng.integers(0, 256, (12, 12, 3)).astype(np.uint8)
    write_png(work / "p.png", pixels)
    image = (pixels.transpose(2, 0, 1) / 255.0 - 0.5) / 0.5
    for head, text in HEADS.items():
        recipe = work / f"{head}.ftm"
        recipe.write_text(MODEL.replace("HEAD", text).replace("tiny_why", head))
        program = compile_program(ftmc, recipe, work / head, "--why")
        run(program, "train")
        best = work / "runs"
        newest = [r for r in sorted(best.iterdir()) if r.name.startswith(head)][-1] / "best.safetensors"
        w = {k: v.astype(np.float64) for k, v in read_safetensors(newest).items()}
        a = features(image, w)
        if head == "places":  # the last map is what the pool leaves
            a = a.reshape(8, 3, 2, 3, 2).max((2, 4))
        if head == "shuffled":
            a = a.reshape(2, 4, 6, 6).transpose(1, 0, 2, 3).reshape(8, 6, 6)
            a = np.tensordot(w["mix.weight"][:, :, 0, 0], a, 1) + w["mix.bias"][:, None, None]
        inferring = compile_program(ftmc, recipe, work / f"{head}_infer", "--why", "--infer", f"--weights={newest}")
        for k, name in enumerate("abc"):
            alpha = gradient(a, w, head, k).sum((1, 2))
            wanted = np.tensordot(alpha, a, 1)
            for p in (program, inferring):
                both(p, "predict", "--why", work / "map.npy", "--why-class", name, work / "p.png")
                found = np.load(work / "map.npy")
                check(found.shape == a.shape[1:] and np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max(), f"{p.name}: the map of {name}")
            if head == "linear":
                exact = np.tensordot(w["fc.weight"][k], a, 1)
                check(np.abs(found - exact).max() < 1e-4 * np.abs(exact).max(), "is the class activation map")
                check(abs(found.mean() + w["fc.bias"][k] - logit(a, w, head, k)) < 1e-5, "and its mean the logit without the bias")

    # The answer's own map, drawn; any number of threads draws the same.
    out, err = both(program, "predict", "--why", work / "why.png", work / "p.png")
    answer = out.split(": ")[1].split()[0]
    check(f"what speaks for '{answer}', of 3 x 3 places" in err, "it is said what is drawn")
    drawn = (work / "why.png").read_bytes()
    check(drawn[16:24] == (324).to_bytes(4, "big") * 2, "12 x 12 pixels, enlarged 27 times")
    both(program, "predict", "--why", work / "again.png", "--why-class", answer, "--threads", 1, work / "p.png")
    check((work / "again.png").read_bytes() == drawn, "one thread draws the same")

    # What is refused.
    out, err = both(program, "predict", "--why", work / "no.png", work / "p.png", work / "p.png", code=1)
    check("--why draws one picture, and these are 2" in err, "one picture")
    out, err = both(program, "predict", "--why", work / "no.png", "--why-class", "d", work / "p.png", code=1)
    check("no such class" in err, "a class that there is")
    both(program, "predict", "--why-class", "a", work / "p.png", code=2)
    both(program, "predict", "--why", work / "nowhere" / "no.png", work / "p.png", code=1)
    plain = compile_program(ftmc, work / "linear.ftm", work / "plain")
    out, err = both(plain, "predict", "--why", work / "no.png", work / "p.png", code=1)
    check("compile it with `ftmc --why`" in err, "a program without it says how to get it")
    check(not (work / "no.png").exists(), "nothing is written")
    check((work / "plain").stat().st_size < (work / "linear").stat().st_size, "and is smaller")
    code, out, err = told(ftmc, work / "linear.ftm", "--why", "--emit=lib", "-o", work / "lib")
    check(code == 2 and "--why is for programs" in err, "libraries have none")
