# What crops and borders share.
from PIL import Image


def take_region(picture, top, left, height, width, fill=0):
    """A part of a picture, with a border of a grey where it reaches over the edges."""
    background = fill if picture.mode == "L" else (fill,) * len(picture.getbands())
    region = Image.new(picture.mode, (width, height), background)
    region.paste(picture, (-left, -top))
    return region
