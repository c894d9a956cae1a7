# torchvision's.
from torchvision.transforms import v2

from on_tensor import OnTensor


class RandomPerspective(OnTensor):
    """Moves the corners inwards by drawn amounts."""

    def __init__(self, distortion_scale=0.5, p=0.5, interpolation="bilinear", fill=0):
        super().__init__(v2.RandomPerspective(distortion_scale, p, v2.InterpolationMode(interpolation), fill))
