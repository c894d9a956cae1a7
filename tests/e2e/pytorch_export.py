"""--emit=pytorch: each model of models/ as Python that compiles; where PyTorch is present, 50 steps of it from the weights of --init-out
beside 50 of the program, in the same order."""
import importlib.util
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import DATA, ROOT, check, compile_program, newest_run, read_safetensors, run, state_distance, step_losses

ftmc = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent
STEPS = 50

# Pictures through transforms, a frozen body, a new layer within it, a new head; the norms of what trains follow the batches.
PICTURES = """
import "small.ftm"
finetune pictures {
    model   = small()
    weights = "small.safetensors"
    insert extra: conv2d(20, kernel = 1, init = identity) after bn2
    replace fc with linear(classes)
    freeze conv1, bn1, conv2
    labels = ["a", "b", "c"]
    data {
        train = npy(images = "pictures.npy", labels = "classes.npy")
    }
    transform eval = resize(14), center_crop(12), to_rgb(), normalize(imagenet)
    optimizer = sgd(lr = 0.02, momentum = 0.9, weight_decay = 0.001)
    schedule  = cosine(warmup = 1 epoch)
    epochs  = 10
    batch   = 8
    shuffle = false
}
"""


def models():
    """The models of models/ that can be called without arguments, and the files that have them."""
    for file in sorted((ROOT / "models").glob("*.ftm")):
        for name, others in re.findall(r"^model (\w+)\(image: \w+\[[^]]*\](.*?)\)", file.read_text(), re.M | re.S):
            if all("=" in parameter for parameter in others.split(",")[1:]):
                yield name, file.name


def write_pictures(work):
    rng = np.random.default_rng(1)
    np.save(work / "pictures.npy", rng.integers(0, 256, (40, 20, 24, 3), np.uint8))
    np.save(work / "classes.npy", rng.integers(0, 3, 40))
    for name in ("small.safetensors", "small_images.npy", "small_labels.npy"):
        (work / name).write_bytes((DATA / name).read_bytes())
    (work / "small.ftm").write_text((here / "small.ftm").read_text().replace("data/", ""))
    (work / "adapters.ftm").write_text((here / "adapters.ftm").read_text())
    (work / "pictures.ftm").write_text(PICTURES)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def both_train(work, name, losses, states, *options):
    """Distances of the losses of all steps and of the final states, relative to PyTorch's."""
    program = compile_program(ftmc, work / f"{name}.ftm", work / f"{name}_program", *options)
    run(ftmc, work / f"{name}.ftm", "--emit=pytorch", "-o", work / f"{name}_torch.py", *options)
    run(program, "train", "--steps", STEPS, "--runs", work / f"{name}_runs", "--init-out", work / "init.safetensors")
    module = load(work / f"{name}_torch.py")
    model = module.take_weights(module.make_model(), module.read_weights(work / "init.safetensors"), names=module.TRAINED_NAMES)
    with open(work / "log.jsonl", "w") as log:
        module.train(model, STEPS, log)
    module.write_weights(model, work / "torch.safetensors")
    folder = newest_run(work / f"{name}_runs")
    ours, theirs = step_losses(folder), np.array([json.loads(line)["loss"] for line in open(work / "log.jsonl")])
    check(len(ours) == len(theirs) == STEPS, f"{name}: both train {STEPS} steps")
    d = float(np.max(np.abs(ours - theirs) / np.abs(theirs)))
    check(d < losses, f"{name}: each loss is PyTorch's ({d:.1e})")
    ours, theirs = read_safetensors(folder / "last.safetensors"), read_safetensors(work / "torch.safetensors")
    check(ours.keys() == theirs.keys(), f"{name}: the files have the same names")
    d = state_distance({k: ours[k] for k in theirs if ours[k].ndim}, {k: v for k, v in theirs.items() if v.ndim})
    check(d < states, f"{name}: the weights behind them are PyTorch's ({d:.1e})")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, file in models():
        (work / "one.ftm").write_text(f'import "{file}"\nfinetune one {{\n    model = {name}()\n    weights = random\n}}\n')
        text = run(ftmc, work / "one.ftm", "--emit=pytorch")
        compile(text, f"{name}.py", "exec")
        check("return pretrained(" in text, f"{name} is Python")
    try:
        import safetensors  # noqa: F401
        import torch
    except ImportError:
        print("PyTorch is not here: nothing is trained beside it")
        sys.exit(0)
    torch.set_num_threads(1)
    write_pictures(work)
    # The same sums in single precision, in other orders: a rounding each, which 50 steps make larger.
    both_train(work, "small", 1e-5, 1e-4, "-D", "epochs=13")
    both_train(work, "small", 1e-5, 1e-4, "-D", "epochs=13", "-D", "loss=0.3 * cross_entropy(label_smoothing = 0.1) + 2 * huber()")
    both_train(work, "pictures", 1e-5, 1e-4)
    both_train(work, "adapters", 1e-5, 1e-4, "-D", "epochs=13")
    both_train(work, "small", 1e-5, 1e-4, "-D", "epochs=13", "-D", "clip_norm=0.8")
    both_train(work, "small", 1e-5, 1e-4, "-D", "epochs=13", "-D", "clip_value=0.05")
