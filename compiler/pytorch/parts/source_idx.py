# The format of MNIST.
import gzip
import pathlib

import numpy as np
from arrays import Arrays


def read_idx(path):
    """An array of bytes from an IDX file, which may be gzipped, by whichever name it has."""
    if not path.exists():
        other = path.with_suffix("") if path.suffix == ".gz" else pathlib.Path(f"{path}.gz")
        path = other if other.exists() else path
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


class Idx(Arrays):
    """Pictures and labels in IDX files."""

    def __init__(self, images, labels):
        super().__init__(read_idx(images), read_idx(labels))
