# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class GaussianBlur(OnTensor):
    """Blurs by a drawn width."""

    def __init__(self, kernel_size, sigma=(0.1, 2.0)):
        super().__init__(v2.GaussianBlur(kernel_size, sigma))
