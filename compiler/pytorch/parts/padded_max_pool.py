# Padding that nn.MaxPool2d does not have.
from same import pad_sides
from torch import nn


class PaddedMaxPool2d(nn.MaxPool2d):
    """padding: "same" as TensorFlow has it, or (top, left, bottom, right)."""

    def __init__(self, kernel_size, padding, **others):
        super().__init__(kernel_size, **others)
        self.sides = padding

    def forward(self, x):
        low = float("-inf")
        x = pad_sides(x, self.sides, self.kernel_size, self.stride, self.dilation, low)
        return super().forward(x)
