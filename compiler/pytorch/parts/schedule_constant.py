# torch's ConstantLR begins with another rate.
import torch


class Constant(torch.optim.lr_scheduler.LambdaLR):
    """The optimizer's learning rate throughout, behind a linear rise."""

    every_step = True

    def __init__(self, optimizer, steps, steps_per_epoch, warmup=0.0):
        rise = warmup * steps_per_epoch
        super().__init__(optimizer, lambda step: (step + 1) / rise if step < rise else 1.0)
