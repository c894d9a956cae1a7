# With the warm-up in front, and by steps.
import math

import torch


class Cosine(torch.optim.lr_scheduler.LambdaLR):
    """Rises linearly for so many epochs, then falls to 0 in half a cosine wave."""

    every_step = True

    def __init__(self, optimizer, steps, steps_per_epoch, warmup=0.0):
        rise = warmup * steps_per_epoch

        def factor(step):
            if step < rise:
                return (step + 1) / rise
            rest = steps - rise
            return 0.5 * (1 + math.cos(math.pi * (step - rise) / rest)) if rest > 0 else 1.0

        super().__init__(optimizer, factor)
