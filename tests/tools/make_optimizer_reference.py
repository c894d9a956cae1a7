"""Runs tests/e2e/small.ftm in PyTorch with settings of its optimizers: 20 steps, loss by loss, and the final weight of the last layer.

Recorded run: PyTorch 2.14; nothing is drawn. Run: python make_optimizer_reference.py tests/e2e/data
Reads small.safetensors, small_images.npy and small_labels.npy; writes small_optimizers.npz.
"""
import sys

import numpy as np
import torch
import torch.nn as nn
from safetensors.torch import load_file
from small_network import Small
from training_losses import training_losses

folder = sys.argv[1]
torch.set_num_threads(1)
images = torch.from_numpy(np.load(f"{folder}/small_images.npy"))
labels = torch.from_numpy(np.load(f"{folder}/small_labels.npy")).long()
OPTIMIZERS = {
    "dampening": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=0.001, dampening=0.3),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.002, eps=1e-4, weight_decay=0.001, betas=(0.9, 0.5), amsgrad=True),
    "amsgrad_w": lambda p: torch.optim.AdamW(p, lr=0.002, eps=1e-4, betas=(0.9, 0.5), amsgrad=True),
    "centered": lambda p: torch.optim.RMSprop(p, lr=0.0005, alpha=0.9, eps=1e-3, momentum=0.8, centered=True),
    "centered_plain": lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.9, eps=1e-3, weight_decay=0.001, centered=True),
}
found = {}
for name, make in OPTIMIZERS.items():
    net = Small()
    net.load_state_dict(load_file(f"{folder}/small.safetensors"))
    losses = training_losses(net, make(net.parameters()), nn.CrossEntropyLoss(label_smoothing=0.1), images, labels)
    found[name], found[f"{name}.weight"] = np.array(losses, np.float32), net.fc.weight.detach().numpy()
    print(name, losses)
np.savez(f"{folder}/small_optimizers.npz", **found)
