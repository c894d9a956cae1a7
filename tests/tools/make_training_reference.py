"""Runs tests/e2e/small.ftm in PyTorch: 20 SGD steps, loss by loss, and the final weights.

Recorded run: PyTorch 2.13.0+cpu, seed 5. Run: python make_training_reference.py tests/e2e/data
Writes small.safetensors (initial weights), small_images.npy, small_labels.npy, small_losses.npy, small_final.npz.
"""
import sys
import numpy as np
import torch
import torch.nn as nn
from safetensors.torch import save_file
from small_network import Small
from training_losses import training_losses


out = sys.argv[1]
torch.manual_seed(5)
torch.set_num_threads(1)
net = Small()
with torch.no_grad():
    for bn in (net.bn1, net.bn2, net.bn3):
        bn.weight.uniform_(0.5, 1.5)
        bn.bias.normal_(0, 0.2)
        bn.running_mean.normal_(0, 0.3)
        bn.running_var.uniform_(0.5, 2)
save_file(net.state_dict(), f"{out}/small.safetensors")
images = torch.randn(30, 3, 12, 12)
labels = torch.randint(0, 5, (30,))
np.save(f"{out}/small_images.npy", images.numpy())
np.save(f"{out}/small_labels.npy", labels.numpy().astype(np.int32))
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=0.001, nesterov=True)
losses = training_losses(net, opt, nn.CrossEntropyLoss(label_smoothing=0.1), images, labels)
np.save(f"{out}/small_losses.npy", np.array(losses, np.float32))
np.savez(f"{out}/small_final.npz", **{k: v.numpy() for k, v in net.state_dict().items()})
net.eval()
np.save(f"{out}/small_logits.npy", net(images).detach().numpy())
print(torch.__version__, losses)
