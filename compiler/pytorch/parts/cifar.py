# CIFAR's binary files.
import numpy as np
from PIL import Image


class Cifar:
    """Records of labels and three planes of 32 x 32 bytes."""

    def __init__(self, root, folder, files, names, labels, label, count):
        root = root if (root / files[0]).exists() else root / folder
        records = np.concatenate(
            [np.fromfile(root / name, np.uint8).reshape(-1, labels + 3072) for name in files]
        )
        known = (root / names).read_text().split("\n") if (root / names).exists() else range(count)
        classes = [PICTURES.class_of(str(name)) for name in known if name != ""]
        kept = [i for i, c in enumerate(records[:, label]) if classes[c] is not None]
        self.labels = [classes[c] for c in records[kept, label]]
        self.images = records[kept, labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return Image.fromarray(np.ascontiguousarray(self.images[i])), self.labels[i]
