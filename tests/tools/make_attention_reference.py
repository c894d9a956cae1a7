"""Trains the network of tests/e2e/attention.ftm in PyTorch, in single and in double precision: 20 SGD steps on masks of 16x16.

Recorded run: PyTorch 2.14, seed 14, 1 thread. Run: python make_attention_reference.py tests/e2e/data
Pictures are those of tests/e2e/shapes.py; writes attention.safetensors (initial weights) and attention.npz: the losses, the final
state in double precision, and how far from it the one in single precision is.
"""
import copy
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file
from training_losses import training_losses

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from shapes import IGNORED, pictures  # noqa: E402
from support import state_distance  # noqa: E402

folder = sys.argv[1]
torch.set_num_threads(1)
torch.manual_seed(14)


def normal(*shape, std):
    return nn.Parameter(torch.randn(*shape) * std)


class Attention(nn.Module):
    def __init__(self, heads=2):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (normal(16, 24, std=0.25) for _ in range(3))
        self.out, self.mix = normal(heads, 12, 8, std=0.25), normal(64, 64, std=0.125)

    def forward(self, x):
        tokens = x.reshape(-1, 16, 64).permute(0, 2, 1)
        q, k, v = (torch.matmul(tokens, w).reshape(-1, 64, self.heads, 12).permute(0, 2, 1, 3)
                   for w in (self.query, self.key, self.value))
        scores = torch.softmax(torch.matmul(q, k.permute(0, 1, 3, 2)) / 3.5, -1)
        y = torch.matmul(torch.matmul(scores, v), self.out).permute(0, 2, 1, 3)
        y = y.reshape(-1, 64, 16) + torch.matmul(self.mix, tokens)
        return 1 - 0.5 * (x + y.permute(0, 2, 1).reshape(-1, 16, 8, 8)) - 2 / (x + 1.5)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.attn = Attention()
        self.head = nn.Conv2d(16, 4, 3, padding=1)

    def forward(self, image):
        return self.head(F.interpolate(self.attn(F.relu(self.conv(image))), scale_factor=2))


def train(net, images):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=0.001)
    losses = training_losses(net, optimizer, nn.CrossEntropyLoss(ignore_index=IGNORED), images, labels)
    return losses, {k: v.numpy() for k, v in net.state_dict().items()}


pixels, masks = pictures()
images = torch.from_numpy((pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 64)
labels = torch.from_numpy(masks.astype(np.int64))
net = Net()
save_file({k: v.clone() for k, v in net.state_dict().items()}, f"{folder}/attention.safetensors")
logits = net(images[:8]).detach().numpy()
_, exact = train(copy.deepcopy(net).double(), images.double())
losses, final = train(net, images)
distance = state_distance(final, exact)
np.savez(f"{folder}/attention.npz", logits=logits, losses=np.array(losses, np.float32), distance=distance,
         **{k: v.astype(np.float32) for k, v in exact.items()})
print(losses, distance)
