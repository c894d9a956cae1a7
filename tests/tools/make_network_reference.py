"""Runs the networks of tests/e2e/network_runs.py in PyTorch and stores their losses: make_network_reference.py tests/e2e/data

Recorded run: PyTorch 2.14, torchvision 0.29, 1 thread. It also prints how far the losses in single precision are from those in double.
"""
import copy
import pathlib
import sys

import numpy as np
import torch
from torchvision.models import convnext, mobilenet_v3_small
from training_losses import training_losses

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from network_runs import BATCH, CLASSES, RUNS, STEPS, generated_weights, images_and_labels  # noqa: E402
from published_networks import Network  # noqa: E402

WIDTHS, DEPTHS = (24, 48, 96, 192, None), (1, 1, 2, 1)
NETWORKS = {
    "mobilenet_v3_small": (lambda: mobilenet_v3_small(num_classes=CLASSES, dropout=0.0),
                           lambda p: torch.optim.SGD(p, lr=0.0001, momentum=0.9, weight_decay=0.0005)),
    "convnext": (lambda: convnext.ConvNeXt([convnext.CNBlockConfig(*row) for row in zip(WIDTHS, WIDTHS[1:], DEPTHS)],
                                           num_classes=CLASSES),
                 lambda p: torch.optim.AdamW(p, lr=0.001, weight_decay=0.05)),
}


def losses(net, optimizer, dtype):
    pixels, labels = images_and_labels(STEPS * BATCH)
    images = Network("", "", "").normalized(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
    net = copy.deepcopy(net).to(dtype)
    return np.array(training_losses(net, optimizer(net.parameters()), torch.nn.CrossEntropyLoss(), images.to(dtype),
                                    torch.from_numpy(labels.astype(np.int64)), 1, BATCH))


torch.set_num_threads(1)
stored = {}
for name in RUNS:
    make, optimizer = NETWORKS[name]
    net = make()
    made = generated_weights({k: tuple(v.shape) for k, v in net.state_dict().items()})
    net.load_state_dict({k: torch.from_numpy(v) for k, v in made.items()})
    single, double = (losses(net, optimizer, t) for t in (torch.float32, torch.float64))
    stored[name] = single.astype(np.float32)
    print(name, single, f"{max(abs(single - double) / double):.1e}")
np.savez(pathlib.Path(sys.argv[1]) / "network_losses.npz", **stored)
