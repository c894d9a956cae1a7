# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomVerticalFlip(OnTensor):
    """Turns some of the pictures upside down."""

    def __init__(self, p=0.5):
        super().__init__(v2.RandomVerticalFlip(p))
