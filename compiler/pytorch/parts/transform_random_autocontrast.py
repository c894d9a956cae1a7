# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomAutocontrast(OnTensor):
    """Stretches the channels of some of the pictures to all values."""

    def __init__(self, p=0.5):
        super().__init__(v2.RandomAutocontrast(p))
