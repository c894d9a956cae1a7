# For convolutions and linear layers.
from torch import nn


def identity_(weight):
    """The layer hands its input on."""
    return nn.init.eye_(weight) if weight.dim() == 2 else nn.init.dirac_(weight)
