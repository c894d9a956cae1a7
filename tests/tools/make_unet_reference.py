"""Trains the U-Net of tests/e2e/unet.ftm in PyTorch, in single and in double precision: 20 SGD steps on masks of 64x64.

Recorded run: PyTorch 2.14, seed 12, 1 thread. Run: python make_unet_reference.py tests/e2e/data
The pictures are those of tests/e2e/shapes.py, four times as large; writes unet.safetensors (initial weights) and unet.npz: the
losses, the final state in double precision, and how far from it the one in single precision is.
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
from shapes import IGNORED, large_pictures  # noqa: E402
from support import state_distance  # noqa: E402

folder = sys.argv[1]
torch.set_num_threads(1)
torch.manual_seed(12)


class Twice(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.down3 = Twice(3, 6), Twice(6, 10), Twice(10, 16)
        self.up2 = nn.ConvTranspose2d(16, 10, 2, stride=2)
        self.dec2, self.dec1 = Twice(20, 10), Twice(16, 6)
        self.head = nn.Conv2d(6, 4, 1)

    def forward(self, image):
        fine = self.down1(image)
        middle = self.down2(F.max_pool2d(fine, 2))
        coarse = self.down3(F.max_pool2d(middle, 2))
        x = self.dec2(torch.cat([middle, self.up2(coarse)], 1))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.head(self.dec1(torch.cat([fine, x], 1)))


def train(net, images):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=0.001)
    losses = training_losses(net, optimizer, nn.CrossEntropyLoss(ignore_index=IGNORED), images, labels)
    return losses, {k: v.numpy() for k, v in net.state_dict().items() if "num_batches" not in k}


pixels, masks = large_pictures()
images = torch.from_numpy((pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 64)
labels = torch.from_numpy(masks.astype(np.int64))
net = UNet()
save_file({k: v.clone() for k, v in net.state_dict().items()}, f"{folder}/unet.safetensors")
_, exact = train(copy.deepcopy(net).double(), images.double())
losses, final = train(net, images)
distance = state_distance(final, exact)
np.savez(f"{folder}/unet.npz", losses=np.array(losses, np.float32), distance=distance, **{k: v.astype(np.float32) for k, v in exact.items()})
print(losses, distance)
