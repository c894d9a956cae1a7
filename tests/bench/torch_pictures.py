"""What the PyTorch scripts beside this file share: EfficientNet-Lite0, the pictures of a task (pictures_tasks.py), and the figures.

Pictures are brought to the size that `ftmc init` chooses for them (64 for the digits and clothes, 160 for the stamps), on white
where they are transparent, (x - 127) / 128, and kept in memory: they are decoded once, which counts in the time, and never again.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from make_lite0_reference import BLOCKS, same

BATCH = 32
FEATURES = 1280


def read_idx(path):
    import gzip
    data = gzip.open(path).read()
    shape = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def picture(image, size):
    from PIL import Image
    if image.mode in ("RGBA", "LA", "P"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB").resize((size, size), Image.BILINEAR)
    return (np.asarray(image, np.float32) - 127) / 128


def read_part(task, part, size):
    """[n, 3, size, size] and [n] of `train` or `test`."""
    from PIL import Image
    if (task / part).is_dir():
        names = sorted(p.name for p in (task / part).iterdir())
        files = [(p, k) for k, name in enumerate(names) for p in sorted((task / part / name).iterdir())]
        x, y = [picture(Image.open(p), size) for p, _ in files], [k for _, k in files]
    else:
        x = [picture(Image.fromarray(a), size) for a in read_idx(task / f"{part}-images.gz")]
        y = read_idx(task / f"{part}-labels.gz").astype(np.int64)
    x = torch.from_numpy(np.stack(x)).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    return x, torch.as_tensor(np.array(y), dtype=torch.int64)


class BatchNorm(torch.nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels, eps=1e-3, momentum=0.1)


class Conv(torch.nn.Conv2d):
    """A convolution with TensorFlow's padding."""

    def forward(self, x):
        return super().forward(same(x, self.kernel_size[0], self.stride[0]))


def conv(into, out, k=1, stride=1, groups=1):
    return Conv(into, out, k, stride, groups=groups, bias=False)


class Block(torch.nn.Module):
    def __init__(self, into, out, k, stride, expand):
        super().__init__()
        wide, self.shortcut, self.expands = into * expand, stride == 1 and into == out, expand != 1
        if self.expands:
            self._expand_conv, self._bn0 = conv(into, wide), BatchNorm(wide)
        self._depthwise_conv, self._bn1 = conv(wide, wide, k, stride, wide), BatchNorm(wide)
        self._project_conv, self._bn2 = conv(wide, out), BatchNorm(out)

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.shortcut else y


class Body(torch.nn.Module):
    """EfficientNet-Lite0 up to its map of 1280 channels, with the keys of the published file."""

    def __init__(self, weights):
        super().__init__()
        self._conv_stem, self._bn0 = conv(3, 32, 3, 2), BatchNorm(32)
        blocks = []
        for repeat, k, stride, expand, into, out in BLOCKS:
            blocks += [Block(into if r == 0 else out, out, k, stride if r == 0 else 1, expand) for r in range(repeat)]
        self._blocks = torch.nn.ModuleList(blocks)
        self._conv_head, self._bn1 = conv(320, FEATURES), BatchNorm(FEATURES)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        self.load_state_dict({k: v for k, v in state.items() if not k.startswith("_fc.")})
        self.to(memory_format=torch.channels_last)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x)))


def batches(count, seed_generator):
    return torch.randperm(count, generator=seed_generator).split(BATCH)


def accuracy(forward, x, y):
    with torch.no_grad():
        hits = sum((forward(x[i:i + 256]).argmax(1) == y[i:i + 256]).sum().item() for i in range(0, len(y), 256))
    return hits / len(y)


class Run:
    """The arguments TASK SEED EPOCHS, the data, and the clock."""

    def __init__(self, text):
        parser = argparse.ArgumentParser(description=text)
        parser.add_argument("task", type=pathlib.Path)
        parser.add_argument("seed", type=int)
        parser.add_argument("epochs", type=int)
        parser.add_argument("--weights", required=True, help="efficientnet-lite0.pth")
        parser.add_argument("--size", type=int, help="of the pictures; without it, that of `ftmc init`")
        parser.add_argument("--threads", type=int, default=2)
        self.options = parser.parse_args()
        self.epochs = self.options.epochs
        torch.set_num_threads(self.options.threads)
        torch.manual_seed(self.options.seed)
        self.generator = torch.Generator().manual_seed(self.options.seed)
        size = self.options.size or (160 if (self.options.task / "train").is_dir() else 64)
        self.start = time.perf_counter()
        self.x, self.y = read_part(self.options.task, "train", size)
        self.classes = int(self.y.max()) + 1
        self.body = Body(self.options.weights)
        self.steps = -(-len(self.y) // BATCH)
        self.size = size

    def finish(self, forward):
        """Prints the figures; the test pictures are read behind the clock."""
        seconds = time.perf_counter() - self.start
        x, y = read_part(self.options.task, "test", self.size)
        print(json.dumps({"script": pathlib.Path(sys.argv[0]).stem, "task": self.options.task.name, "seed": self.options.seed,
                          "epochs": self.epochs, "accuracy": accuracy(forward, x, y), "seconds": round(seconds, 2),
                          "torch": torch.__version__}))
