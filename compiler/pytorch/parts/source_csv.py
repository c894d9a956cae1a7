# Tables.
import csv
import numpy as np

from files import PictureFiles


def tags_of(cell):
    """1 for each class that a cell names, as in `cat;dog`, 0 for the others."""
    named = [PICTURES.class_of(name.strip()) for name in cell.split(";") if name.strip()]
    return np.isin(np.arange(len(LABELS)), [k for k in named if k is not None]).astype(np.float32)


def numbers_of(row, columns):
    """The numbers of columns, each at the place of its class."""
    vector = np.zeros(len(LABELS), np.float32)
    truths = {"true": 1, "false": 0}
    for column in columns:
        k, cell = PICTURES.class_of(column), row[column].strip()
        if k is not None:
            vector[k] = truths.get(cell.lower(), cell)
    return vector


class Csv(PictureFiles):
    """A table of pictures; their files are named from where it is. A label is a class, any number
    of them, or the numbers of a list of columns."""

    def __init__(self, file, path="path", label="label", group=None, kind="index"):
        with open(file, newline="", encoding="utf-8-sig") as lines:
            head = lines.readline()
            lines.seek(0)
            between = min(",;\t", key=lambda c: head.find(c) % (len(head) + 1))
            rows = list(csv.DictReader(lines, delimiter=between))
        super().__init__((file.parent / row[path], self.label_of(row, label, kind)) for row in rows)

    @staticmethod
    def label_of(row, label, kind):
        if not isinstance(label, str):
            return numbers_of(row, label)
        return tags_of(row[label]) if kind == "vector" else PICTURES.class_of(row[label])
