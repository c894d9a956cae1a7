#!/usr/bin/env python3
"""The models of models/ against the same networks in PyTorch: compare_networks.py FTMC LIBRARY WHAT [MODEL...]

LIBRARY: torchvision or timm, whose names and state dicts are taken (published_networks.py lists the models). WHAT:

logits    A state dict that the library writes is loaded without a line in the recipe; the logits of 8 images of 64x64 are within
          1e-4 of its own; and the file of one step of training loads there with strict=True.
training  20 steps with sgd or adamw at 64x64 in batches of 8: each loss is within 1e-3 of PyTorch's in single precision, and the
          final state is no further from PyTorch's in double precision than 2.5 times what PyTorch's own in single precision is.
          The learning rate is the largest power of ten at which PyTorch's losses in single precision are themselves within a
          tenth of that of those in double precision: above it the network amplifies rounding from step to step. One activation
          that rounding moves across a kink decides the distance of a state: --draws takes that many sets of images and of
          their distances the largest.

Distances are max|a - b| / max|b|, of a state the largest of all its tensors. Weights are generated (tests/e2e/network_runs.py), the
statistics of norms those of the images. Recorded run: PyTorch 2.14, torchvision 0.29, timm 1.0.31, 1 thread.
"""
import argparse
import collections
import copy
import pathlib
import sys
import tempfile

import numpy as np
import torch

import published_networks
from training_losses import training_losses

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from network_runs import BATCH, CLASSES, STEPS, Run, generated_weights, images_and_labels, recipe  # noqa: E402
from support import compile_program, newest_run, read_safetensors, relative_difference, run, step_losses  # noqa: E402

LOGITS, LOSSES, STATES = 1e-4, 1e-3, 2.5
RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

OPTIMIZERS = {
    "sgd": ("sgd(lr = {lr:f}, momentum = 0.9, weight_decay = 0.0005)",
            lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=0.0005)),
    "adamw": ("adamw(lr = {lr:f}, weight_decay = 0.05)", lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.05)),
}


class Case:
    """A network with generated weights, its start and its images as files in a folder."""

    def __init__(self, network, library, folder, steps):
        self.network, self.folder, self.steps = network, pathlib.Path(folder), steps
        self.net = getattr(network, library)(CLASSES)
        self.draw(0)
        self.settle()
        torch.save(self.net.state_dict(), self.folder / "start.pth")

    def draw(self, number):
        pixels, labels = images_and_labels(self.steps * BATCH, number)
        np.save(self.folder / "images.npy", pixels)
        np.save(self.folder / "labels.npy", labels)
        self.inputs = self.network.normalized(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()))
        self.labels = torch.from_numpy(labels.astype(np.int64))

    def settle(self):
        """Generated weights; the norms take the statistics of what they see."""
        made = generated_weights({k: tuple(v.shape) for k, v in self.net.state_dict().items()})
        load(self.net, made)
        norms = [m for m in self.net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        momenta = [m.momentum for m in norms]
        for m in norms:
            m.momentum = None
        with torch.no_grad():
            self.net.train()(self.inputs)
        for m, momentum in zip(norms, momenta):
            m.momentum = momentum
            m.num_batches_tracked.zero_()

    def compiled(self, ftmc, optimizer):
        options = ", ".join(f"{k} = {v}" for k, v in {"classes": CLASSES, **self.network.off}.items())
        case = Run(self.network.file, f"{self.network.model}({options})", optimizer)
        (self.folder / "network.ftm").write_text(recipe(case, '"start.pth"', self.network.normalize))
        return compile_program(ftmc, self.folder / "network.ftm", self.folder / "network")

    def trained(self, program):
        """The losses and the state that a run of the program leaves."""
        run(program, "train", "--out", self.folder / "end.safetensors", "--threads", 1, cwd=self.folder)
        return step_losses(newest_run(self.folder / "runs")), read_safetensors(self.folder / "end.safetensors")


def load(net, state):
    """Gives a network the tensors of {name: array}, with the versions of its own state dict, without which MNASNet refuses one."""
    tensors = collections.OrderedDict((k, torch.from_numpy(v.copy())) for k, v in state.items())
    tensors._metadata = net.state_dict()._metadata
    net.load_state_dict(tensors, strict=True)


def refusal(net, state):
    """What PyTorch says against a state, or nothing."""
    try:
        load(copy.deepcopy(net), state)
    except RuntimeError as error:
        return str(error).splitlines()[1].strip()
    return ""


def compare_logits(case, ftmc, optimizer, _):
    program = case.compiled(ftmc, optimizer[0].format(lr=0.01))
    run(program, "predict", "--data", case.folder / "images.npy", "--logits", case.folder / "logits.npy", cwd=case.folder)
    with torch.no_grad():
        net = case.net.eval()
        want, exact = net(case.inputs).numpy(), copy.deepcopy(net).double()(case.inputs.double()).numpy()
    off = relative_difference(np.load(case.folder / "logits.npy"), want)
    refused = refusal(case.net, case.trained(program)[1])
    print(f"{case.network.model:24} logits {off:.1e} (PyTorch's from double precision {relative_difference(want, exact):.1e}),"
          f" trained file {refused or 'loads'}", flush=True)
    return off < LOGITS and not refused


def train(case, dtype, optimizer):
    """The losses and the state that PyTorch gets."""
    net = copy.deepcopy(case.net).to(dtype)
    losses = training_losses(net, optimizer(net.parameters()), torch.nn.CrossEntropyLoss(), case.inputs.to(dtype), case.labels, 1,
                             BATCH)
    return np.array(losses), {k: v.numpy() for k, v in net.state_dict().items() if v.dim()}


def train_both(case, optimizer, rate):
    return [train(case, t, lambda p: optimizer[1](p, rate)) for t in (torch.float32, torch.float64)]


def losses_apart(a, b):
    return max(abs(a - b) / b)


def calm_rate(case, optimizer):
    for rate in RATES[:-1]:
        single, double = train_both(case, optimizer, rate)
        if losses_apart(single[0], double[0]) < LOSSES / 10:
            return rate
    return RATES[-1]


def furthest(state, exact):
    """The largest distance of a tensor, and its name."""
    return max((relative_difference(state[k], v), k) for k, v in exact.items())


def compare_training(case, ftmc, optimizer, draws):
    rate, off, ours, own = calm_rate(case, optimizer), [], [], []
    program = case.compiled(ftmc, optimizer[0].format(lr=rate))
    for number in range(draws):
        case.draw(number)
        (want, single), (exact, double) = train_both(case, optimizer, rate)
        losses, state = case.trained(program)
        off.append((losses_apart(losses, want), losses_apart(want, exact)))
        ours.append(furthest(state, double))
        own.append(furthest(single, double))
    (loss, loss_own), (d, worst), (p, worst_own) = map(max, (off, ours, own))
    print(f"{case.network.model:24} lr {rate:g}: losses off by {loss:.1e} (PyTorch's from double precision {loss_own:.1e}), state"
          f" {d:.1e} at {worst}, PyTorch's {p:.1e} at {worst_own}: {d / p:.2f}", flush=True)
    return loss < LOSSES and d < STATES * p and not refusal(case.net, state)


COMPARISONS = {"logits": (compare_logits, 1), "training": (compare_training, STEPS)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ftmc")
    parser.add_argument("library", choices=("torchvision", "timm"))
    parser.add_argument("what", choices=COMPARISONS)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="sgd")
    parser.add_argument("--draws", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    compare, steps = COMPARISONS[args.what]
    networks = [n for n in getattr(published_networks, f"{args.library}_networks")() if not args.models or n.model in args.models]
    failed = []
    for network in networks:
        with tempfile.TemporaryDirectory() as folder:
            if not compare(Case(network, args.library, folder, steps), args.ftmc, OPTIMIZERS[args.optimizer], args.draws):
                failed.append(network.model)
    print("failed:", ", ".join(failed) or "none", f"of {len(networks)}")
    return 1 if failed or not networks else 0


sys.exit(main())
