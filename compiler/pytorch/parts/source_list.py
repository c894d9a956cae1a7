# Lists.
from files import PictureFiles


class List(PictureFiles):
    """On each line a file, named from where the list is, a blank and a label."""

    def __init__(self, file):
        lines = [line.rsplit(maxsplit=1) for line in file.read_text().splitlines() if line]
        super().__init__(
            (file.parent / path, PICTURES.class_of(label)) for path, label in lines
        )
