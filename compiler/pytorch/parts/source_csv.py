# Tables.
import csv

from files import PictureFiles


class Csv(PictureFiles):
    """A table of pictures; their files are named from where it is."""

    def __init__(self, file, path="path", label="label", group=None):
        with open(file, newline="", encoding="utf-8-sig") as lines:
            head = lines.readline()
            lines.seek(0)
            between = min(",;\t", key=lambda c: head.find(c) % (len(head) + 1))
            rows = list(csv.DictReader(lines, delimiter=between))
        super().__init__(
            (file.parent / row[path], PICTURES.class_of(row[label])) for row in rows
        )
