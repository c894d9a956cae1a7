# Halves as torchvision rounds them.
from region import take_region


class CenterCrop:
    """The middle of a picture."""

    def __init__(self, height, width=None):
        self.height, self.width = height, width or height

    def __call__(self, picture):
        top = self.corner(picture.height, self.height)
        left = self.corner(picture.width, self.width)
        return take_region(picture, top, left, self.height, self.width)

    @staticmethod
    def corner(have, want):
        return round((have - want) / 2) if have > want else -((want - have) // 2)
