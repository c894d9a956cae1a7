# As torchvision's.
import math
import random

from PIL import Image


class RandomResizedCrop:
    """A part of any size and aspect, brought to one size."""

    def __init__(
        self,
        height,
        width=None,
        scale=(0.08, 1.0),
        ratio=(3 / 4, 4 / 3),
        interpolation="bilinear",
    ):
        self.height, self.width = height, width or height
        self.scale, self.ratio = scale, ratio
        self.filter = Image.Resampling[interpolation.upper()]

    def part(self, width, height):
        for _ in range(10):
            area = width * height * random.uniform(*self.scale)
            aspect = math.exp(random.uniform(*(math.log(r) for r in self.ratio)))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                return random.randint(0, width - w), random.randint(0, height - h), w, h
        aspect = min(max(width / height, self.ratio[0]), self.ratio[1])
        w = min(width, round(height * aspect))
        h = min(height, round(width / aspect))
        return (width - w) // 2, (height - h) // 2, w, h

    def __call__(self, picture):
        left, top, w, h = self.part(*picture.size)
        box = (left, top, left + w, top + h)
        return picture.crop(box).resize((self.width, self.height), self.filter)
