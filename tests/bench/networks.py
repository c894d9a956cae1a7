#!/usr/bin/env python3
"""Inference and training steps of whole networks beside PyTorch, in time and in memory.

    networks.py FTMC [--rounds N] [--steps N] [--threads N] [NAME...]

For each torchvision model whose name contains one of the names (all of MODELS, without names), batches of 32 pictures of 224 x 224,
random weights, SGD with momentum. A round runs each side once, in turn: PyTorch with its tensors channels first, channels last, and
channels last with an allocator that keeps what is freed (where pages are slow to get, that alone is up to 1.6 times as fast), and
the compiled program, in processes of their own. Time is a step's, in PyTorch the median after two steps to warm up, in the program
the difference of a longer and a shorter run, whatever it does besides the network included; memory is the most that a process
held. Printed are medians over the rounds, and PyTorch's over the program's: time with its fastest way, memory with its smallest.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time

BATCH, WARM_UP = 32, 2
WAYS = {"first": {}, "last": {}, "kept": {"MALLOC_TRIM_THRESHOLD_": "10000000000", "MALLOC_MMAP_MAX_": "0"}}  # environment
MODELS = {  # torchvision's name: file in models/
    "mobilenet_v3_large": "mobilenet_v3", "efficientnet_b0": "efficientnet", "convnext_tiny": "convnext", "densenet121": "densenet",
}
ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPE = """import "{root}/models/{file}.ftm"
finetune {name} {{
  model = {name}()
  weights = "{name}.pth"
  labels = [{labels}]
  data {{
    train = npy(images = "long.npy", labels = "long-labels.npy")
    test = npy(images = "short.npy", labels = "short-labels.npy")
  }}
  transform eval = resize(224, 224), to_rgb(), normalize(imagenet)
  optimizer = sgd(lr = 0.001, momentum = 0.9)
  loss = cross_entropy()
  batch = 32
}}
"""


def torch_side(name, what, way, steps, threads):
    """Runs in a process of its own: prints the seconds of a step."""
    import torch, torchvision
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net, images = getattr(torchvision.models, name)(weights=None), torch.randn(BATCH, 3, 224, 224)
    labels = torch.randint(0, 1000, (BATCH,))
    if way != "first":
        net, images = net.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)
    net.train(what == "train")
    optimizer, loss = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9), torch.nn.CrossEntropyLoss()

    def step():
        if what == "infer":
            with torch.inference_mode():
                net(images)
            return
        optimizer.zero_grad()
        loss(net(images), labels).backward()
        optimizer.step()

    seconds = []
    for _ in range(WARM_UP + steps):
        start = time.monotonic()
        step()
        seconds.append(time.monotonic() - start)
    print(json.dumps(statistics.median(seconds[WARM_UP:])))


def run(*command, **environment):
    """Seconds, MB and output of a process."""
    start = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output)
    return time.monotonic() - start, usage.ru_maxrss / 1024, output


def program_side(name, what, steps, threads):
    def once(long):
        if what == "infer":
            return run(f"./{name}", "predict", "--threads", threads, "--data", "long.npy" if long else "short.npy", "--logits", "logits.npy",
                       "--weights", "start.safetensors")
        return run(f"./{name}", "train", "--threads", threads, "--steps", WARM_UP + (steps if long else 0), "--checkpoint-minutes", 0)

    short, long = once(False), once(True)
    return (long[0] - short[0]) / steps, long[1]


def prepare(ftmc, name, steps):
    import numpy, torch, torchvision
    random = numpy.random.default_rng(3)
    for part, batches in (("short", WARM_UP), ("long", WARM_UP + steps)):
        numpy.save(f"{part}.npy", random.integers(0, 256, (batches * BATCH, 3, 224, 224), dtype=numpy.uint8))
        numpy.save(f"{part}-labels.npy", numpy.arange(batches * BATCH, dtype=numpy.int32) % 1000)
    torch.manual_seed(1)
    torch.save(getattr(torchvision.models, name)(weights=None).state_dict(), f"{name}.pth")
    labels = ", ".join(f'"{i}"' for i in range(1000))
    pathlib.Path(f"{name}.ftm").write_text(RECIPE.format(root=ROOT, file=MODELS[name], name=name, labels=labels))
    run(ftmc, f"{name}.ftm", "-o", name)
    run(f"./{name}", "train", "--steps", 1, "--out", "start.safetensors")


def compare(name, what, options):
    ours, theirs = [], {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way, found in theirs.items():
            _, memory, output = run(sys.executable, pathlib.Path(__file__).resolve(), "--torch", name, what, way, options.steps,
                                    options.threads, **WAYS[way])
            found.append((json.loads(output.splitlines()[-1]), memory))
        ours.append(program_side(name, what, options.steps, options.threads))
    seconds = {way: statistics.median(s for s, _ in found) for way, found in theirs.items()}
    best = min(seconds, key=seconds.get)
    ratio = statistics.median(t[0] / o[0] for t, o in zip(theirs[best], ours))
    memory, peer = max(m for _, m in ours), min(max(m for _, m in found) for found in theirs.values())
    print(f"{name:20} {what:6} {statistics.median(s for s, _ in ours):8.3f} {seconds['first']:9.3f} {seconds['last']:8.3f}"
          f" {seconds['kept']:8.3f} {ratio:7.2f}"
          f" {memory:8.0f} {peer:8.0f} {memory / peer:6.2f}", flush=True)


def main():
    if sys.argv[1:2] == ["--torch"]:
        name, what, way, steps, threads = sys.argv[2:]
        return torch_side(name, what, way, int(steps), int(threads))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ftmc", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    for option, default in (("--rounds", 3), ("--steps", 4), ("--threads", 2)):
        parser.add_argument(option, type=int, default=default)
    options = parser.parse_intermixed_args()
    print(f"{'network':20} {'':6} {'s':>8} {'torch NCHW':>9} {'NHWC':>8} {'kept':>8} {'speed':>7} {'MB':>8} {'torch':>8} {'ratio':>6}")
    for name in MODELS:
        if not options.names or any(n in name for n in options.names):
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                prepare(options.ftmc.resolve(), name, options.steps)
                for what in ("infer", "train"):
                    compare(name, what, options)
                os.chdir("/")


if __name__ == "__main__":
    main()
