# A folder per class.
import fnmatch
import os

from files import PictureFiles

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


class Folder(PictureFiles):
    """The pictures in the folders of a folder, whose names are the classes."""

    def __init__(self, path, include=("*",), exclude=()):
        def wanted(file, below):
            def fits(pattern):
                return fnmatch.fnmatchcase(below if "/" in pattern else file.name, pattern)

            return any(map(fits, include)) and not any(map(fits, exclude))

        found = []
        for folder in sorted(path.iterdir(), key=lambda f: os.fsencode(f.name)):
            if not folder.is_dir() or folder.name.startswith((".", "__MACOSX")):
                continue
            for file in sorted(folder.rglob("*"), key=os.fsencode):
                below = file.relative_to(folder).as_posix()
                hidden = any(part.startswith(".") for part in below.split("/"))
                if file.suffix.lower() in ENDINGS and not hidden and wanted(file, below):
                    found.append((file, PICTURES.class_of(folder.name)))
        super().__init__(found)
