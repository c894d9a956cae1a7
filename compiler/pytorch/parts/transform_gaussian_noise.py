# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class GaussianNoise(OnTensor):
    """Adds noise to each value."""

    def __init__(self, mean=0.0, sigma=0.1):
        super().__init__(v2.GaussianNoise(mean, sigma))
