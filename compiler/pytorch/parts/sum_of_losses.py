from torch import nn


class SumOfLosses(nn.Module):
    """Losses times their factors."""

    def __init__(self, terms):
        super().__init__()
        self.factors = [factor for factor, _ in terms]
        self.losses = nn.ModuleList(loss for _, loss in terms)

    def forward(self, x, target):
        return sum(f * loss(x, target) for f, loss in zip(self.factors, self.losses, strict=True))
