# torchvision.ops.StochasticDepth in its mode "row".
import torch
from torch import nn


class DropPath(nn.Module):
    """In training all of an image is 0 with probability p; the others grow by 1 / (1 - p)."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        kept = torch.rand(x.shape[0], *(1,) * (x.dim() - 1), device=x.device) >= self.p
        return x * kept / (1 - self.p)
