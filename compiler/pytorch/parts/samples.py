# From pictures to what the network reads.
import numpy as np
import torch


class Pipeline:
    """Steps in their order, from a picture to a tensor [C, H, W]."""

    def __init__(self, steps, channels):
        self.steps, self.mode = steps, "L" if channels == 1 else "RGB"

    def __call__(self, picture):
        pixels = picture
        for step in self.steps:
            if step is self.steps[-1] and pixels.mode != self.mode:
                pixels = pixels.convert(self.mode)
            pixels = step(pixels)
        pixels = np.asarray(pixels, np.float32)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


class Samples(torch.utils.data.Dataset):
    """A source's samples: pictures go through the transform, arrays are taken as they are."""

    def __init__(self, source, transform):
        self.source, self.transform = source, transform

    def __len__(self):
        return len(self.source)

    def __getitem__(self, i):
        picture, label = self.source[i]
        if not isinstance(picture, np.ndarray):
            return self.transform(picture), label
        return torch.from_numpy(np.ascontiguousarray(picture)), label
