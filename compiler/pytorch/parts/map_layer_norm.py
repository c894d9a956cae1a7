# nn.LayerNorm takes the last dimensions.
from torch import nn


class LayerNorm2d(nn.LayerNorm):
    """Normalises the channels of each place of a map [N, C, H, W]."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
