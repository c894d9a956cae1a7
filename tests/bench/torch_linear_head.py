#!/usr/bin/env python3
"""A linear head on the frozen features of EfficientNet-Lite0, which are computed once: TASK SEED EPOCHS --weights FILE."""
import torch
import torch.nn.functional as F

from torch_pictures import FEATURES, Run, batches

run = Run(__doc__)
run.body.eval()


def features(x):
    with torch.no_grad():
        return torch.cat([run.body(part).mean((2, 3)) for part in x.split(256)])


x, head = features(run.x), torch.nn.Linear(FEATURES, run.classes)
optimizer = torch.optim.AdamW(head.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, run.epochs * run.steps)
for _ in range(run.epochs):
    for i in batches(len(run.y), run.generator):
        optimizer.zero_grad()
        F.cross_entropy(head(x[i]), run.y[i]).backward()
        optimizer.step()
        schedule.step()
run.finish(lambda x: head(features(x)))
