"""Runs the encoder and decoder of tests/e2e/masks.ftm in PyTorch: 20 SGD steps with CrossEntropyLoss on masks, with class weights,
ignored pixels and label smoothing, loss by loss, and what an evaluation says afterwards.

Recorded run: PyTorch 2.14, seed 11. Run: python make_mask_reference.py tests/e2e/data
The pictures are those of tests/e2e/shapes.py; writes masks.safetensors (initial weights) and masks.npz.
"""
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

folder = sys.argv[1]
torch.set_num_threads(1)
torch.manual_seed(11)


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 20, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 4, 1)

    def forward(self, image):
        fine = F.relu(self.bn1(self.conv1(image)))
        coarse = F.relu(self.conv2(F.max_pool2d(fine, 2)))
        return self.conv3(torch.cat([F.interpolate(coarse, scale_factor=2), fine], 1))


pixels, labels = pictures()
images = torch.from_numpy((pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 64)
labels = torch.from_numpy(labels.astype(np.int64))
loss_function = nn.CrossEntropyLoss(torch.tensor([0.5, 1, 1, 2]), ignore_index=IGNORED, label_smoothing=0.1)
net = Segmenter()
save_file({k: v.clone() for k, v in net.state_dict().items()}, f"{folder}/masks.safetensors")
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=0.001)
losses = training_losses(net, opt, loss_function, images, labels)
net.eval()
with torch.no_grad():
    logits = net(images)
    loss_function.weight = loss_function.weight.double()
    counted = labels != IGNORED
    np.savez(f"{folder}/masks.npz", losses=np.array(losses, np.float32), logits=logits[:3].numpy(),
             loss=np.float64(loss_function(logits.double(), labels).item()),
             pixel_accuracy=np.float64((logits.argmax(1) == labels)[counted].double().mean().item()))
print(losses)
