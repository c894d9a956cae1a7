# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomPosterize(OnTensor):
    """Keeps a few bits of each value of some of the pictures."""

    def __init__(self, bits, p=0.5):
        super().__init__(v2.RandomPosterize(bits, p))
