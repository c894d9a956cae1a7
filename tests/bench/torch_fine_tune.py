#!/usr/bin/env python3
"""fastai's Learner.fine_tune with a vision_learner, written out in plain PyTorch: TASK SEED EPOCHS --weights FILE.

Source: fastai 2 (callback/schedule.py: fine_tune, fit_one_cycle; vision/learner.py: create_head; optimizer.py: Adam), by its
defaults. One epoch of the head over a frozen body whose batch norms train (base rate 2e-3, 99 % of it rising), then all layers for
EPOCHS at half the rate, a hundredth of that in the body (30 % rising from a fifth). Rates and momentum follow half cosine waves;
weights decay by 0.01, but biases and batch norms do not.
"""
import math

import torch
import torch.nn.functional as F

from torch_pictures import FEATURES, Run, batches

DECAY, HIDDEN = 0.01, 512


class ConcatPool(torch.nn.Module):
    def forward(self, x):
        return torch.cat([F.adaptive_max_pool2d(x, 1), F.adaptive_avg_pool2d(x, 1)], 1)


def make_head(classes):
    head = torch.nn.Sequential(
        ConcatPool(), torch.nn.Flatten(), torch.nn.BatchNorm1d(2 * FEATURES), torch.nn.Dropout(0.25),
        torch.nn.Linear(2 * FEATURES, HIDDEN, bias=False), torch.nn.ReLU(), torch.nn.BatchNorm1d(HIDDEN), torch.nn.Dropout(0.5),
        torch.nn.Linear(HIDDEN, classes, bias=False))
    for layer in head:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(layer.weight)
    return head


def cosine(start, end, share):
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2


def one_cycle(share, rising, top, first, last):
    """From `first` up to `top` and down to `last`."""
    return cosine(first, top, share / rising) if share < rising else cosine(top, last, (share - rising) / (1 - rising))


def groups(modules):
    """Parameters of each module: what decays and what does not, with the module's number."""
    for number, module in enumerate(modules):
        norms = {id(p) for m in module.modules() if isinstance(m, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d))
                 for p in m.parameters()}
        for decay in (True, False):
            chosen = [p for n, p in module.named_parameters()
                      if p.requires_grad and decay == (id(p) not in norms and not n.endswith("bias"))]
            yield {"params": chosen, "weight_decay": DECAY if decay else 0.0, "number": number}


def fit(run, body, head, epochs, rates, rising, division):
    """fit_one_cycle: rates are those of body and head at their highest."""
    net = torch.nn.Sequential(body, head).train()
    optimizer = torch.optim.AdamW([g for g in groups((body, head)) if g["params"]], betas=(0.95, 0.99), eps=1e-5)
    step, total = 0, epochs * run.steps
    for _ in range(epochs):
        for i in batches(len(run.y), run.generator):
            share, step = step / total, step + 1
            for group in optimizer.param_groups:
                rate = rates[group["number"]]
                group["lr"] = one_cycle(share, rising, rate, rate / division, rate / 1e5)
                group["betas"] = (one_cycle(share, rising, 0.85, 0.95, 0.95), 0.99)
            if len(i) == 1:
                continue  # fastai drops the last batch where it is not whole
            optimizer.zero_grad()
            F.cross_entropy(net(run.x[i]), run.y[i]).backward()
            optimizer.step()


run = Run(__doc__)
body, head = run.body, make_head(run.classes)
for module in body.modules():
    for p in module.parameters(recurse=False):
        p.requires_grad = isinstance(module, torch.nn.BatchNorm2d)
fit(run, body, head, 1, (2e-3, 2e-3), 0.99, 25)
for p in body.parameters():
    p.requires_grad = True
fit(run, body, head, run.epochs, (1e-3 / 100, 1e-3), 0.3, 5)
net = torch.nn.Sequential(body, head).eval()
run.finish(net)
