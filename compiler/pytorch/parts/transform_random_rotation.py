# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomRotation(OnTensor):
    """Turns about the middle by a drawn angle."""

    def __init__(self, degrees, interpolation="nearest", fill=0):
        super().__init__(v2.RandomRotation(degrees, v2.InterpolationMode(interpolation), fill=fill))
