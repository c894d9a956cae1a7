# Pillow's mirror.
import random

from PIL import ImageOps


class RandomHorizontalFlip:
    """Mirrors some of the pictures."""

    def __init__(self, p=0.5):
        self.p = p

    def __call__(self, picture):
        return ImageOps.mirror(picture) if random.random() < self.p else picture
