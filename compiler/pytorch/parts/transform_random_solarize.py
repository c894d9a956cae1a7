# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomSolarize(OnTensor):
    """Inverts the light parts of some of the pictures."""

    def __init__(self, threshold, p=0.5):
        super().__init__(v2.RandomSolarize(threshold, p))
