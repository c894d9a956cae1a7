# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomAffine(OnTensor):
    """Turns, shifts, scales and shears at once."""

    def __init__(self, degrees, translate=None, scale=None, shear=None, interpolation="nearest", fill=0):
        mode = v2.InterpolationMode(interpolation)
        super().__init__(v2.RandomAffine(degrees, translate, scale, shear, mode, fill))
