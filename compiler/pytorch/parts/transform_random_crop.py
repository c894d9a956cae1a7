# A smaller picture lies in the middle.
import random

from region import take_region


class RandomCrop:
    """A part of a size, anywhere in the picture or the border around it."""

    def __init__(self, height, width=None, padding=0, fill=0):
        self.height, self.width = height, width or height
        self.padding, self.fill = padding, fill

    def corner(self, have, want):
        places = have + 2 * self.padding - want + 1
        if places < 1:
            return int((have - want) / 2)
        return random.randrange(places) - self.padding

    def __call__(self, picture):
        top = self.corner(picture.height, self.height)
        left = self.corner(picture.width, self.width)
        return take_region(picture, top, left, self.height, self.width, self.fill)
