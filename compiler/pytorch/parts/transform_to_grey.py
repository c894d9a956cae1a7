# Pillow's conversion.
class ToGrey:
    """One channel (ITU-R 601-2 luma)."""

    def __call__(self, picture):
        return picture.convert("L")
