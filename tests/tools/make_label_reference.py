"""Runs tests/e2e/small.ftm in PyTorch with labels that are vectors: 20 SGD steps with MSELoss on numbers, with
BCEWithLogitsLoss on a yes or no for each output, with KLDivLoss on their softmax and with CosineEmbeddingLoss on the numbers, loss by loss,
and the logits that they end with.

Recorded run: PyTorch 2.14, seed 7. Run: python make_label_reference.py tests/e2e/data
Reads small.safetensors and small_images.npy; writes small_targets.npy, small_yes_no.npy, small_shares.npy, small_mse.npz, small_bce.npz,
small_kl_div.npz, small_cosine_embedding.npz.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from small_network import Small
from training_losses import training_losses

folder = sys.argv[1]
torch.set_num_threads(1)
images = torch.from_numpy(np.load(f"{folder}/small_images.npy"))
rng = np.random.default_rng(7)
targets = rng.normal(0, 2, (30, 5)).astype(np.float32)
yes_no = rng.random((30, 5)) < 0.4
np.save(f"{folder}/small_targets.npy", targets)
np.save(f"{folder}/small_yes_no.npy", yes_no)
shares = np.where(yes_no, 0, np.exp(targets)).astype(np.float32)  # some are 0
shares[:, 0] += 0.1
shares /= shares.sum(1, keepdims=True)
np.save(f"{folder}/small_shares.npy", shares)


def train(name, loss_function, labels):
    net = Small()
    net.load_state_dict(load_file(f"{folder}/small.safetensors"))
    opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=0.001, nesterov=True)
    losses = training_losses(net, opt, loss_function, images, labels)
    net.eval()
    with torch.no_grad():
        logits = net(images)
        np.savez(f"{folder}/small_{name}.npz", losses=np.array(losses, np.float32), logits=logits.numpy(),
                 loss=np.float64(loss_function(logits.double(), labels.double()).item()))
    print(name, losses)


train("mse", F.mse_loss, torch.from_numpy(targets))
train("bce", F.binary_cross_entropy_with_logits, torch.from_numpy(yes_no.astype(np.float32)))
train("kl_div", lambda x, t: F.kl_div(x.log_softmax(1), t, reduction="batchmean"), torch.from_numpy(shares))
train("cosine_embedding", lambda x, t: F.cosine_embedding_loss(x, t, torch.ones(len(x))), torch.from_numpy(targets))
