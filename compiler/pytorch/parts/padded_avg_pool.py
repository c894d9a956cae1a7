# Padding that nn.AvgPool2d does not have.
from same import pad_sides
from torch import nn


class PaddedAvgPool2d(nn.AvgPool2d):
    """padding: "same" as TensorFlow has it, or (top, left, bottom, right); its zeros count."""

    def __init__(self, kernel_size, padding, **others):
        super().__init__(kernel_size, **others)
        self.sides = padding

    def forward(self, x):
        return super().forward(pad_sides(x, self.sides, self.kernel_size, self.stride))
