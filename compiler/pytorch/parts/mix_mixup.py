# As torchvision.transforms.v2.MixUp.
import torch


class Mixup:
    """A part of each sample and the rest of another one of its batch, labels too."""

    def __init__(self, alpha=1.0):
        self.parts = torch.distributions.Beta(alpha, alpha)

    def __call__(self, images, labels):
        part = self.parts.sample().item()
        return (
            images * part + images.roll(1, 0) * (1 - part),
            labels * part + labels.roll(1, 0) * (1 - part),
        )
