# CIFAR-10, of its binary version.
from cifar import Cifar


class Cifar10(Cifar):
    """The five files that train, or the one that tests."""

    def __init__(self, root, part="train"):
        train = [f"data_batch_{i}.bin" for i in range(1, 6)]
        files = train if part == "train" else ["test_batch.bin"]
        super().__init__(root, "cifar-10-batches-bin", files, "batches.meta.txt", 1, 0, 10)
