# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class ColorJitter(OnTensor):
    """Changes colours by drawn factors, in a drawn order."""

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0):
        super().__init__(v2.ColorJitter(brightness, contrast, saturation, hue))
