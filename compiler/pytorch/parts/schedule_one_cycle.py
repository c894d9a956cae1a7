# Of all steps; the momentum stays.
import torch


class OneCycle(torch.optim.lr_scheduler.OneCycleLR):
    """Up to the learning rate, and down to nearly 0 at the last step."""

    every_step = True

    def __init__(
        self,
        optimizer,
        steps,
        steps_per_epoch,
        pct_start=0.3,
        anneal_strategy="cos",
        div_factor=25.0,
        final_div_factor=1e4,
    ):
        super().__init__(
            optimizer,
            optimizer.param_groups[0]["lr"],
            total_steps=steps,
            cycle_momentum=False,
            pct_start=pct_start,
            anneal_strategy=anneal_strategy,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
        )
