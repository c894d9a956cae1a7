"""Six SGD steps of the whole EfficientNet-Lite0 in PyTorch, from its published weights, batch norms training.

Recorded run: PyTorch 2.13.0+cpu, 1 thread. Run: python make_lite0_training_reference.py WEIGHTS.pth OUT.npy
80 inputs of 64 x 64 by the formula of tests/e2e/lite0_inputs.py, label i = 37 i mod 1000, batches of 32 (the last of 16),
two epochs in order, lr 2e-6 (at larger ones rounding grows tenfold a step: the network is chaotic), momentum 0.9.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import make_lite0_reference as reference

torch.set_num_threads(1)
state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
state = {k: v.requires_grad_("running" not in k and "tracked" not in k) for k, v in state.items()}


class Training:
    """torch.nn.functional with batch norms in training mode, for reference.forward."""

    def __getattr__(self, name):
        return getattr(F, name)

    def batch_norm(self, x, mean, var, weight, bias, eps):
        return F.batch_norm(x, mean, var, weight, bias, True, 0.01, eps)


reference.F = Training()
images = torch.from_numpy(reference.inputs(80, 64))
labels = torch.arange(80) * 37 % 1000
optimizer = torch.optim.SGD([v for v in state.values() if v.requires_grad], lr=2e-6, momentum=0.9)
losses = []
for epoch in range(2):
    for i in range(0, 80, 32):
        optimizer.zero_grad()
        loss = F.cross_entropy(reference.forward(state, images[i:i + 32]), labels[i:i + 32])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
np.save(sys.argv[2], np.array(losses, np.float32))
print(torch.__version__, losses)
