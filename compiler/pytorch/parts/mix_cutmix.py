# As torchvision.transforms.v2.CutMix.
import math

import torch


class Cutmix:
    """A rectangle of each sample is that of another one of its batch, labels by the share of the area."""

    def __init__(self, alpha=1.0):
        self.parts = torch.distributions.Beta(alpha, alpha)

    def run(self, half, side):
        middle, reach = torch.randint(side, ()).item(), int(half * side)
        return max(middle - reach, 0), min(middle + reach, side)

    def __call__(self, images, labels):
        half = 0.5 * math.sqrt(1 - self.parts.sample().item())
        height, width = images.shape[-2:]
        left, right = self.run(half, width)
        top, bottom = self.run(half, height)
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        kept = 1 - (right - left) * (bottom - top) / (width * height)
        return mixed, labels * kept + labels.roll(1, 0) * (1 - kept)
