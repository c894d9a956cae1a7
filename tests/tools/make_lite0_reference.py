"""Logits of EfficientNet-Lite0 with its published ImageNet weights, computed by PyTorch functions alone.

Recorded run: PyTorch 2.13.0+cpu. Run: python make_lite0_reference.py WEIGHTS.pth OUT.npy
The inputs are not stored: input(n, size) below is a formula that tests/e2e uses too.
"""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from lite0_inputs import inputs

BLOCKS = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80), (3, 5, 1, 6, 80, 112),
          (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]


def same(x, k, stride):
    h = x.shape[-1]
    total = max((-(-h // stride) - 1) * stride + k - h, 0)
    return F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))


def forward(w, x):
    def bn(x, name):
        return F.batch_norm(x, w[name + ".running_mean"], w[name + ".running_var"], w[name + ".weight"],
                            w[name + ".bias"], eps=1e-3)

    x = F.relu6(bn(F.conv2d(same(x, 3, 2), w["_conv_stem.weight"], stride=2), "_bn0"))
    index = 0
    for repeat, k, stride, expand, cin, cout in BLOCKS:
        for r in range(repeat):
            p, s, c, y = f"_blocks.{index}.", stride if r == 0 else 1, cin if r == 0 else cout, x
            if expand != 1:
                y = F.relu6(bn(F.conv2d(y, w[p + "_expand_conv.weight"]), p + "_bn0"))
            y = F.relu6(bn(F.conv2d(same(y, k, s), w[p + "_depthwise_conv.weight"], stride=s, groups=y.shape[1]), p + "_bn1"))
            y = bn(F.conv2d(y, w[p + "_project_conv.weight"]), p + "_bn2")
            x = x + y if s == 1 and c == cout else y
            index += 1
    x = F.relu6(bn(F.conv2d(x, w["_conv_head.weight"]), "_bn1"))
    return F.linear(x.mean((2, 3)), w["_fc.weight"], w["_fc.bias"])


if __name__ == "__main__":
    weights = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
    with torch.no_grad():
        logits = forward(weights, torch.from_numpy(inputs(2, 224)))
    np.save(sys.argv[2], logits.numpy())
    print(torch.__version__, logits.argmax(1), logits.max(1))
