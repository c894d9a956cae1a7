# A border on two sides.
from region import take_region


class PadSquare:
    """A border that makes a square of a picture, which lies in the middle."""

    def __init__(self, fill=0):
        self.fill = fill

    def __call__(self, picture):
        width, height = picture.size
        side = max(width, height)
        top, left = -((side - height) // 2), -((side - width) // 2)
        return take_region(picture, top, left, side, side, self.fill)
