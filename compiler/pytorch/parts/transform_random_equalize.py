# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomEqualize(OnTensor):
    """Makes the values of some of the pictures as frequent as each other."""

    def __init__(self, p=0.5):
        super().__init__(v2.RandomEqualize(p))
