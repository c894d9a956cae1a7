# With the warm-up in front, and by steps.
import math

import torch


class CosineWarmRestarts(torch.optim.lr_scheduler.LambdaLR):
    """Rises linearly for so many epochs, then falls in half cosine waves, one behind the other."""

    every_step = True

    def __init__(self, optimizer, steps, steps_per_epoch, T_0, T_mult=1, eta_min=0.0, warmup=0.0):
        rise = warmup * steps_per_epoch
        least = eta_min / optimizer.param_groups[0]["lr"]

        def factor(step):
            if step < rise:
                return (step + 1) / rise
            at, wave = step - rise, T_0 * steps_per_epoch
            while at >= wave:
                at, wave = at - wave, wave * T_mult
            return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * at / wave))

        super().__init__(optimizer, factor)
