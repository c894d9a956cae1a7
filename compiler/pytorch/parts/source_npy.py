# NumPy arrays.
import numpy as np
from arrays import Arrays


class Npy(Arrays):
    """A pair of NumPy arrays."""

    def __init__(self, images, labels, kind="index"):
        super().__init__(np.load(images), np.load(labels), kind)
