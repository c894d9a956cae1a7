# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomInvert(OnTensor):
    """Makes a negative of some of the pictures."""

    def __init__(self, p=0.5):
        super().__init__(v2.RandomInvert(p))
