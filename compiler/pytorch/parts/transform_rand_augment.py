# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandAugment(OnTensor):
    """Some drawn operations of one strength."""

    def __init__(self, num_ops=2, magnitude=9, num_magnitude_bins=31, interpolation="nearest", fill=0):
        mode = v2.InterpolationMode(interpolation)
        super().__init__(v2.RandAugment(num_ops, magnitude, num_magnitude_bins, mode, fill))
