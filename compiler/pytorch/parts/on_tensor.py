# torchvision's transforms of pictures.
from torchvision.transforms.v2 import functional


class OnTensor:
    """A transform of torchvision on the 8-bit tensor of a picture, whose arithmetic is not quite that on Pillow's pictures."""

    def __init__(self, transform):
        self.transform = transform

    def __call__(self, picture):
        return functional.to_pil_image(self.transform(functional.pil_to_tensor(picture)))
