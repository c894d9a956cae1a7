#!/usr/bin/env python3
"""All layers of EfficientNet-Lite0 with AdamW and the one-cycle schedule: TASK SEED EPOCHS --weights FILE."""
import torch
import torch.nn.functional as F

from torch_pictures import FEATURES, Run, batches

run = Run(__doc__)
net = torch.nn.Sequential(run.body, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
                          torch.nn.Linear(FEATURES, run.classes))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=run.epochs * run.steps)
net.train()
for _ in range(run.epochs):
    for i in batches(len(run.y), run.generator):
        if len(i) == 1:
            continue  # a batch norm on one value has no variance
        optimizer.zero_grad()
        F.cross_entropy(net(run.x[i]), run.y[i]).backward()
        optimizer.step()
        schedule.step()
net.eval()
run.finish(net)
