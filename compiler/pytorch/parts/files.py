# What all sources of picture files share.
class PictureFiles:
    """Picture files and their classes, in the order of their names."""

    def __init__(self, files):
        self.files = [(path, label) for path, label in files if label is not None]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        path, label = self.files[i]
        return PICTURES.read(path), label
