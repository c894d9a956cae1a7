# Pillow's conversion.
class ToRgb:
    """Three channels, whatever the picture has."""

    def __call__(self, picture):
        return picture.convert("RGB")
