# Padding that nn.Conv2d does not have.
from same import pad_sides
from torch import nn


class PaddedConv2d(nn.Conv2d):
    """padding: "same" as TensorFlow has it, or (top, left, bottom, right)."""

    def __init__(self, *sizes, padding, **others):
        super().__init__(*sizes, **others)
        self.sides = padding

    def forward(self, x):
        x = pad_sides(x, self.sides, self.kernel_size, self.stride, self.dilation)
        return super().forward(x)
