#!/usr/bin/env python3
"""What torchvision reads of CIFAR's records, for tests/unit/app_cifar.c: make_cifar_reference.py

Writes the version for Python, which is the one that torchvision takes, with bytes that follow from their place, and prints a row for
some pixels. The stored rows are of torchvision 0.29."""
import pathlib
import pickle
import tempfile

import numpy as np
import torchvision

RECORDS = 3


def record(i):
    """The pixels of a record: three planes."""
    at = np.arange(3072)
    return ((i * 31 + at * 7 + (at >> 5) * 3) % 256).astype(np.uint8)


class Ten(torchvision.datasets.CIFAR10):
    train_list = [["data_batch_1", ""]]
    test_list = [["test_batch", ""]]

    def _check_integrity(self):
        return True

    def _load_meta(self):
        self.classes = [str(i) for i in range(10)]


with tempfile.TemporaryDirectory() as folder:
    inside = pathlib.Path(folder) / Ten.base_folder
    inside.mkdir()
    data = {"data": np.stack([record(i) for i in range(RECORDS)]), "labels": [(i + 7) % 10 for i in range(RECORDS)]}
    (inside / "data_batch_1").write_bytes(pickle.dumps(data))
    read = Ten(folder)
    print(f"torchvision {torchvision.__version__}")
    for i, y, x in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 5, 9), (2, 31, 31)):
        picture, label = read[i]
        print("{%d, %d, %d, {%d, %d, %d}, %d}," % (i, y, x, *picture.getpixel((x, y)), label))
