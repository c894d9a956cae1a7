# By steps, of which there may be a part of an epoch.
import torch


class LinearRate(torch.optim.lr_scheduler.LambdaLR):
    """A line from one factor of the learning rate to another, in so many epochs."""

    every_step = True

    def __init__(
        self, optimizer, steps, steps_per_epoch, start_factor=1 / 3, end_factor=1.0, total_iters=5.0
    ):
        length = total_iters * steps_per_epoch

        def factor(step):
            share = step / length if step < length else 1.0
            return start_factor + (end_factor - start_factor) * share

        super().__init__(optimizer, factor)
