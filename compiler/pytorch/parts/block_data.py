# How picture files are read, and what their classes are called.
import fnmatch

from PIL import Image, ImageOps


class Pictures:
    """What a recipe says of all its pictures. How they are split (split, group) and kept in
    memory (cache) is PyTorch's own here; the loop sees to the units of numbers (targets)."""

    def __init__(
        self,
        rename=(),
        skip=(),
        exif="apply",
        split=None,
        group=None,
        cache_budget=0,
        targets=None,
    ):
        self.renamed = dict(zip(rename[::2], rename[1::2]))
        self.skipped, self.turned = skip, exif == "apply"

    def class_of(self, name):
        """The number of a class by its name; None: it is left out."""
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.skipped):
            return None
        return LABELS.index(self.renamed.get(name, name))

    def read(self, path):
        picture = Image.open(path)
        picture = ImageOps.exif_transpose(picture) if self.turned else picture
        grey = picture.mode in ("1", "L", "LA", "I", "I;16")
        return picture.convert("L" if grey else "RGB")
