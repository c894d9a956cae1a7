# The last step: numbers of pixels.
import numpy as np


class Normalize:
    """(x / scale - mean) / std, of each channel or the same for all."""

    def __init__(self, mean, std, scale=255.0):
        self.mean, self.std, self.scale = np.array(mean), np.array(std), scale

    def __call__(self, picture):
        pixels = np.asarray(picture, np.float64)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return (pixels / self.scale - self.mean) / self.std
