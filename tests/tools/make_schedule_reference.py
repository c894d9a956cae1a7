"""Learning rates of PyTorch's schedulers, step by step: tests/unit/data/schedules.txt, which tests/unit/app_lr_schedule.c reads.

Recorded run: PyTorch 2.14; nothing is drawn, so there is no seed. Run: python make_schedule_reference.py > schedules.txt
A line is a name and the rates of all steps of 24 epochs of 5 steps, at a rate of 0.25; plateau's has one rate for each epoch.
"""
import torch
from torch.optim import lr_scheduler

EPOCHS, STEPS, LR = 24, 5, 0.25
# Of epochs: falls, stays, falls by less than the threshold, and for good.
LOSSES = [1, 0.9, 0.9, 0.95, 0.899999, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.6, 0.65, 0.66, 0.67, 0.68, 0.69, 0.61, 0.62, 0.63, 0.5, 0.6, 0.6, 0.6]

PER_STEP = {
    "linear": lambda o: lr_scheduler.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=2 * STEPS),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS * STEPS),
    "restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=4 * STEPS, eta_min=0.01),
    "restarts_longer": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2 * STEPS, T_mult=2),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, LR, total_steps=EPOCHS * STEPS, cycle_momentum=False),
    "one_cycle_linear": lambda o: lr_scheduler.OneCycleLR(o, LR, total_steps=EPOCHS * STEPS, cycle_momentum=False, pct_start=0.2,
                                                          anneal_strategy="linear", div_factor=10, final_div_factor=100),
    "sequential": lambda o: lr_scheduler.SequentialLR(o, [
        lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=2 * STEPS),
        lr_scheduler.ConstantLR(o, factor=1),
        lr_scheduler.CosineAnnealingLR(o, T_max=(EPOCHS - 6) * STEPS)], milestones=[2 * STEPS, 6 * STEPS]),
}
PER_EPOCH = {
    "step": lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5),
    "multi_step": lambda o: lr_scheduler.MultiStepLR(o, [9, 5, 5], gamma=0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, 12, power=1.5),
}
PLATEAU = {
    "plateau": {"factor": 0.5, "patience": 2},
    "plateau_abs": {"factor": 0.1, "patience": 1, "threshold": 0.15, "threshold_mode": "abs", "cooldown": 2, "min_lr": 0.004},
}


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)


def run(make, per_step):
    o = optimizer()
    schedule = make(o)
    for step in range(EPOCHS * STEPS):
        yield o.param_groups[0]["lr"]
        o.step()
        if step + 1 < EPOCHS * STEPS and (per_step or (step + 1) % STEPS == 0):
            schedule.step()


def plateau(arguments):
    o = optimizer()
    schedule = lr_scheduler.ReduceLROnPlateau(o, **arguments)
    for loss in LOSSES:
        schedule.step(loss)
        yield o.param_groups[0]["lr"]


for name, make in PER_STEP.items():
    print(name, *map(float, run(make, True)))
for name, make in PER_EPOCH.items():
    print(name, *map(float, run(make, False)))
for name, arguments in PLATEAU.items():
    print(name, *map(float, plateau(arguments)))
