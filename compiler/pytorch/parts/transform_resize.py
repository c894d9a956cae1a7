# Pillow's, which antialiases.
from PIL import Image


class Resize:
    """To a size, or with the shorter side of a length."""

    def __init__(self, height, width=None, interpolation="bilinear"):
        self.height, self.width = height, width
        self.filter = Image.Resampling[interpolation.upper()]

    def __call__(self, picture):
        if self.width is not None:
            return picture.resize((self.width, self.height), self.filter)
        short, long = sorted(picture.size)
        length = max(int(self.height * long / short), 1)
        wide = picture.width > picture.height
        size = (length, self.height) if wide else (self.height, length)
        return picture.resize(size, self.filter)
