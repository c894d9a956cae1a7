# What IDX files and NumPy arrays share.
import numpy as np
from PIL import Image


class Arrays:
    """Pictures [N, H, W], [N, H, W, C] or [N, C, H, W] of 8 bits, or the network's inputs as
    floats; labels are classes, vectors of numbers, or masks."""

    def __init__(self, images, labels, kind="index"):
        self.images, self.labels = images, labels
        self.labels = labels.astype(np.float32 if kind == "vector" else np.int64)
        self.labels = self.labels.reshape(-1) if kind == "index" else self.labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        pixels, label = self.images[i], self.labels[i]
        if pixels.dtype != np.uint8:
            return pixels, label
        if pixels.ndim == 3 and pixels.shape[2] not in (1, 3):
            pixels = pixels.transpose(1, 2, 0)
        pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
        return Image.fromarray(np.ascontiguousarray(pixels)), label
