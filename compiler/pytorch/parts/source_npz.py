# NumPy arrays of one file.
import numpy as np
from arrays import Arrays


class Npz(Arrays):
    """Two arrays of a file that numpy.savez wrote."""

    def __init__(self, file, images, labels, kind="index"):
        with np.load(file) as arrays:
            super().__init__(arrays[images], arrays[labels], kind)
