# CIFAR-100, of its binary version.
from cifar import Cifar


class Cifar100(Cifar):
    """Pictures of 100 classes, or of 20."""

    def __init__(self, root, part="train", label="fine"):
        fine = label == "fine"
        names, at, count = f"{label}_label_names.txt", 1 if fine else 0, 100 if fine else 20
        super().__init__(root, "cifar-100-binary", [f"{part}.bin"], names, 2, at, count)
