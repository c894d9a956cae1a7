#!/usr/bin/env python3
"""Pictures like photographs, and decoding and transforming them beside PyTorch's DataLoader.

    pictures.py make FOLDER [--count 20000] [--distinct 2000]     JPEG files of 500 x 375 in 4 folders
    pictures.py torch FOLDER [--workers 2] [--augment]            one pass of a DataLoader over them; with RandAugment
    pictures.py lite0 FOLDER --weights FILE [--workers 2] [--steps N]
                                                                  training a new head on a frozen EfficientNet-Lite0

`make` writes `distinct` files and links the others to them: reading and decoding is the same work. It needs numpy and Pillow, the
other two torch and torchvision. What they are compared with is a program of ftmc: README.md.
"""
import argparse
import os
import pathlib
import resource
import sys
import time

WIDTH, HEIGHT, CLASSES, QUALITY = 500, 375, 4, 90


def textures(rng, count, size):
    """Noise whose spectrum falls as 1/f, as that of photographs does, in [0, 255]."""
    import numpy as np
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1
    for _ in range(count):
        spectrum = np.fft.rfft2(rng.standard_normal((3, size, size))) / f ** 1.1
        t = np.fft.irfft2(spectrum, (size, size)).transpose(1, 2, 0)
        t = t.mean(2, keepdims=True) + 0.3 * t  # colours of a place are alike
        yield np.clip(128 + 50 * t / t.std(), 0, 255)


def picture(rng, grounds):
    """A part of a texture, with parts of others in discs before it."""
    import numpy as np
    y, x = np.mgrid[:HEIGHT, :WIDTH]

    def part():
        t = grounds[rng.integers(len(grounds))]
        top, left = rng.integers(t.shape[0] - HEIGHT), rng.integers(t.shape[1] - WIDTH)
        return t[top:top + HEIGHT, left:left + WIDTH]

    out = part()
    for _ in range(rng.integers(2, 6)):
        inside = (y - rng.integers(HEIGHT)) ** 2 + (x - rng.integers(WIDTH)) ** 2 < rng.integers(20, 150) ** 2
        out = np.where(inside[..., None], part() * 0.7 + rng.integers(0, 80, 3), out)
    return np.clip(out, 0, 255).astype(np.uint8)


def make(folder, count, distinct):
    import numpy as np
    from PIL import Image
    rng = np.random.default_rng(8)
    grounds = list(textures(rng, 8, 1024))
    for i in range(count):
        path = folder / f"class{i % CLASSES}" / f"{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if i < distinct:
            Image.fromarray(picture(rng, grounds)).save(path, quality=QUALITY)
        else:
            os.link(folder / f"class{i % distinct % CLASSES}" / f"{i % distinct:06}.jpg", path)


def loader(folder, workers, augment=False):
    import torch
    from torchvision import datasets, transforms
    torch.set_num_threads(2)
    steps = [transforms.Resize(256), transforms.CenterCrop(224)]
    if augment:
        steps = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.RandAugment()]
    steps += [transforms.ToTensor(), transforms.Normalize([0.498] * 3, [0.502] * 3)]
    data = datasets.ImageFolder(folder, transforms.Compose(steps))
    return torch.utils.data.DataLoader(data, batch_size=32, num_workers=workers)


def processor_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Watch:
    def __init__(self):
        self.begin, self.processor = time.monotonic(), processor_seconds()

    def report(self, pictures):
        seconds, processor = time.monotonic() - self.begin, processor_seconds() - self.processor
        print(f"{pictures} pictures in {seconds:.2f} s, {pictures / seconds:.0f} a second, {1e3 * processor / pictures:.2f} ms of processor each")


def load(folder, workers, augment):
    batches = loader(folder, workers, augment)
    watch = Watch()
    watch.report(sum(len(x) for x, _ in batches))


def train(folder, workers, steps, weights):
    import torch
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
    from make_lite0_reference import forward
    w = {k: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v
         for k, v in torch.load(weights, map_location="cpu", weights_only=True).items()}
    w["_fc.weight"], w["_fc.bias"] = torch.zeros(CLASSES, 1280, requires_grad=True), torch.zeros(CLASSES, requires_grad=True)
    optimizer = torch.optim.SGD([w["_fc.weight"], w["_fc.bias"]], 0.03, 0.9)
    batches = loader(folder, workers)
    watch, seen = Watch(), 0
    for step, (x, y) in enumerate(batches):
        if step == steps:
            break
        loss = torch.nn.functional.cross_entropy(forward(w, x.contiguous(memory_format=torch.channels_last)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += len(x)
    watch.report(seen)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("action", choices=["make", "torch", "lite0"])
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--count", type=int, default=20000)
    p.add_argument("--distinct", type=int, default=2000)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--steps", type=int, default=-1)
    p.add_argument("--weights")
    p.add_argument("--augment", action="store_true")
    a = p.parse_args()
    if a.action == "make":
        make(a.folder, a.count, a.distinct)
    elif a.action == "torch":
        load(a.folder, a.workers, a.augment)
    else:
        train(a.folder, a.workers, a.steps, a.weights)


if __name__ == "__main__":
    main()
