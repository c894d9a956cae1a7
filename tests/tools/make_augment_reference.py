"""Makes the stored references of tests/unit/app_augment.c with torchvision, on 8-bit tensors.

Recorded run: torchvision 0.29.1, torch 2.14.0, numpy seed 21. Run: python make_augment_reference.py OUTDIR

augment.ref holds a picture [24, 20, 3], then what each of the steps below makes of it, in this order, each [24, 20, 3].
"""
import sys

import numpy as np
import torch
import torchvision
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

HEIGHT, WIDTH = 24, 20
NEAREST, BILINEAR = v2.InterpolationMode.NEAREST, v2.InterpolationMode.BILINEAR

rng = np.random.default_rng(21)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
waves = np.stack([9 * x + 3 * y, 235 - 8 * x, 120 + 60 * np.sin(x / 3) * np.cos(y / 4)], -1)
pixels = np.clip(waves + rng.integers(-30, 30, waves.shape), 3, 250).astype(np.uint8)
image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def turned(degrees, interpolation, fill):
    return F.rotate(image, degrees, interpolation, fill=fill)


def moved(angle, scale, shear, interpolation, fill):
    return F.affine(image, angle, [0, 0], scale, shear, interpolation, fill=fill)


def seen(corners, interpolation, fill):
    start = [[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]]
    return F.perspective(image, start, corners, interpolation, fill=fill)


STEPS = [
    turned(30, NEAREST, 0), turned(30, BILINEAR, 77), turned(-100, NEAREST, 255),
    moved(10, 1.3, [5, -8], BILINEAR, 0), moved(-20, 0.6, [12, 0], NEAREST, 128), moved(0, 1, [0, 25], BILINEAR, 200),
    F.vertical_flip(image),
    F.adjust_brightness(image, 1.5), F.adjust_contrast(image, 0.4), F.adjust_saturation(image, 1.7), F.adjust_hue(image, 0.2), F.adjust_hue(image, -0.3),
    F.rgb_to_grayscale(image, 3),
    F.gaussian_blur(image, [5, 5], [1.2, 1.2]), F.gaussian_blur(image, [9, 9], [0.7, 0.7]),
    F.invert(image), F.posterize(image, 3), F.solarize(image, 100), F.adjust_sharpness(image, 0), F.adjust_sharpness(image, 2.5),
    F.autocontrast(image), F.equalize(image),
    seen([[2, 1], [17, 3], [18, 20], [0, 22]], BILINEAR, 0), seen([[4, 5], [18, 1], [15, 21], [2, 18]], NEAREST, 90),
]
base = v2.RandAugment(interpolation=NEAREST, fill=[0.0])
for name in v2.RandAugment._AUGMENTATION_SPACE:
    for cls, bin in ((v2.RandAugment, 9), (v2.TrivialAugmentWide, 17)):
        magnitudes, signed = cls._AUGMENTATION_SPACE[name]
        values = magnitudes(31, HEIGHT, WIDTH)
        magnitude = 0.0 if values is None else float(values[bin])
        made = base._apply_image_or_video_transform(image, name, -magnitude if signed else magnitude, NEAREST, base._fill)
        STEPS.append(made)

with open(f"{sys.argv[1]}/augment.ref", "wb") as f:
    f.write(pixels.tobytes())
    for step in STEPS:
        f.write(step.numpy().transpose(1, 2, 0).tobytes())
print(len(STEPS), "steps; torchvision", torchvision.__version__, "torch", torch.__version__)
