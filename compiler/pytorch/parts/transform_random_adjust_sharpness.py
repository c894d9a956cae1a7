# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomAdjustSharpness(OnTensor):
    """Blurs or sharpens some of the pictures."""

    def __init__(self, sharpness_factor, p=0.5):
        super().__init__(v2.RandomAdjustSharpness(sharpness_factor, p))
