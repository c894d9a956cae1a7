"""The small network trained with each optimizer: the first step is lr long, whatever the gradient, the loss falls, and the
bits are the same for 1 and 3 threads and with a scalar of the recipe that is written out; 20 steps with PyTorch's further settings are PyTorch's (stored)."""
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, relative_difference, run, step_losses

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
SGD = "sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.001, nesterov = true)"
small = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
check(SGD in small, "small.ftm trains with sgd")


def train(work, name, optimizer, *options):
    source = work / f"{name}.ftm"
    source.write_text(small.replace(SGD, optimizer))
    program = compile_program(ftmc, source, work / name)
    out = work / f"{name}.safetensors"
    run(program, "train", "--out", out, *options)
    return program, out


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    before = read_safetensors(DATA / "small.safetensors")
    for name, decay in (("adam", 0), ("adamw", 0.01)):
        _, out = train(work, f"{name}_one", f"{name}(lr = 0.001, eps = 1e-12)", "--steps", "1")
        after = read_safetensors(out)
        step = np.abs(after["fc.weight"] - before["fc.weight"] * (1 - 0.001 * decay))
        check(np.median(np.abs(step / 0.001 - 1)) < 1e-3, f"{name}: the first step is as long as the learning rate")

        program, out = train(work, name, f"{name}(lr = 0.003)")
        losses = step_losses(newest_run(work / "runs"))
        check(np.all(np.isfinite(losses)) and losses[-4:].mean() < 0.8 * losses[:4].mean(), f"{name}: the loss falls")
        again = work / "again.safetensors"
        run(program, "train", "--threads", 3, "--out", again)
        check(out.read_bytes() == again.read_bytes(), f"{name}: 3 threads give the same file")
        spelt = f"{name}(lr = 0.003, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = {decay})"
        _, other = train(work, f"{name}_spelt", spelt)
        check(np.array_equal(read_safetensors(other)["fc.weight"], read_safetensors(out)["fc.weight"]),
              f"{name}: PyTorch's values are the defaults")

    for call in ("rmsprop(lr = 0.001)", "rmsprop(lr = 0.0005, momentum = 0.9)", "lion(lr = 0.003)"):
        train(work, call.split("(")[0], call)
        losses = step_losses(newest_run(work / "runs"))
        check(np.all(np.isfinite(losses)) and losses[-4:].mean() < 0.8 * losses[:4].mean(), f"{call}: the loss falls")

    _, out = train(work, "lion_one", "lion(lr = 0.001)", "--steps", "1")
    step = np.abs(read_safetensors(out)["fc.weight"] - before["fc.weight"])
    check(np.abs(step / 0.001 - 1).max() < 1e-3, "lion: each number moves by the learning rate")

    # 20 steps as in PyTorch (stored).
    reference = np.load(DATA / "small_optimizers.npz")
    for name, call in {"dampening": "sgd(lr = 0.02, momentum = 0.9, weight_decay = 0.001, dampening = 0.3)",
                       "amsgrad": "adam(lr = 0.002, beta2 = 0.5, eps = 1e-4, weight_decay = 0.001, amsgrad = true)",
                       "amsgrad_w": "adamw(lr = 0.002, beta2 = 0.5, eps = 1e-4, amsgrad = true)",
                       "centered": "rmsprop(lr = 0.0005, alpha = 0.9, eps = 0.001, momentum = 0.8, centered = true)",
                       "centered_plain": "rmsprop(lr = 0.001, alpha = 0.9, eps = 0.001, weight_decay = 0.001, centered = true)"}.items():
        _, out = train(work, name, call)
        losses, want = step_losses(newest_run(work / "runs")), reference[name]
        worst = np.max(np.abs(losses - want) / want)
        check(len(losses) == 20 and worst < 1e-4, f"{name}: losses within 1e-4 of PyTorch's ({worst:.1e})")
        d = relative_difference(read_safetensors(out)["fc.weight"], reference[f"{name}.weight"])
        check(d < 2e-4, f"{name}: weights within 2e-4 of PyTorch's ({d:.1e})")
    _, undamped = train(work, "undamped", "sgd(lr = 0.02, weight_decay = 0.001, dampening = 0.3)")
    _, plain = train(work, "plain", "sgd(lr = 0.02, weight_decay = 0.001)")
    check(np.array_equal(read_safetensors(undamped)["fc.weight"], read_safetensors(plain)["fc.weight"]), "without momentum nothing is dampened")

    # Settings of the recipe at run time are those of a recipe that has them.
    other, _ = train(work, "other", SGD.replace("0.9", "0.5").replace("0.001", "0.2"), "--batch", 4)
    program, out = train(work, "sgd", SGD, "--momentum", 0.5, "--weight-decay=0.2", "--batch", 4)
    ours, theirs = read_safetensors(out), read_safetensors(work / "other.safetensors")
    check(all(np.array_equal(ours[name], theirs[name]) for name in theirs), "--momentum and --weight-decay are the recipe's")
    few = work / "few.safetensors"
    run(program, "train", "--epochs", 2, "--out", few)
    check(len(step_losses(newest_run(work / "runs"))) == 8, "batches of 8: four steps of 30 samples")
    run(program, "train", "--epochs", 2, "--batch", 4, "--out", few)
    check(len(step_losses(newest_run(work / "runs"))) == 16, "batches of 4: eight")
    check("compiled for batches of up to 8; `ftmc -D batch=9`" in run(program, "train", "--batch", 9, code=1), "none are larger")
    check("--momentum must be from 0 to 1, not 1.5" in run(program, "train", "--momentum", 1.5, code=1), "ranges are the recipe's")
    program, _ = train(work, "plain", "sgd(lr = 0.01)", "--momentum", 0)
    check("compiled without" in run(program, "train", "--momentum", 0.9, code=1), "a step without momentum has none")
    check("adam has no momentum" in run(work / "adam", "train", "--momentum", 0.9, code=1), "nor has every optimizer")
