# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class TrivialAugmentWide(OnTensor):
    """One drawn operation of a drawn strength."""

    def __init__(self, num_magnitude_bins=31, interpolation="nearest", fill=0):
        super().__init__(v2.TrivialAugmentWide(num_magnitude_bins, v2.InterpolationMode(interpolation), fill))
