"""Writes a safetensors file with the names and shapes of torchvision's ResNet-18; its numbers are holes in the file.

    resnet18_file.py OUT"""
import json
import math
import struct
import sys


def resnet18_shapes():
    def norm(name, c):
        return {f"{name}.{part}": (c,) for part in ("weight", "bias", "running_mean", "running_var")}
    shapes = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64), "fc.weight": (1000, 512), "fc.bias": (1000,)}
    for s in range(4):
        for i in range(2):
            at, out = f"layer{s + 1}.{i}", 64 << s
            into = out // 2 if s and i == 0 else out
            shapes |= {f"{at}.conv1.weight": (out, into, 3, 3), f"{at}.conv2.weight": (out, out, 3, 3)}
            shapes |= norm(f"{at}.bn1", out) | norm(f"{at}.bn2", out)
            if into != out:
                shapes |= {f"{at}.downsample.0.weight": (out, into, 1, 1), **norm(f"{at}.downsample.1", out)}
    return shapes


def main():
    header, at = {}, 0
    for name, shape in resnet18_shapes().items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)


if __name__ == "__main__":
    main()
