# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomGrayscale(OnTensor):
    """Takes the colours of some of the pictures away."""

    def __init__(self, p=0.1):
        super().__init__(v2.RandomGrayscale(p))
