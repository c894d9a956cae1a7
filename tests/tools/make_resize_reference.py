"""Makes the stored references of tests/unit/app_transform.c and tests/unit/app_sizes.c with Pillow.

Recorded run: Pillow 11.3.0 (13 has another order of its passes), numpy seeds 11 and 12. Run: python make_resize_reference.py OUTDIR

resizes.ref holds, for each of 80 pictures: u8 height, width, channels, new height, new width, filter (bilinear, bicubic, nearest),
the pixels, and those that Pillow makes of them.
"""
import sys

import numpy as np
import PIL
from PIL import Image

FILTERS = [Image.BILINEAR, Image.BICUBIC, Image.NEAREST]
out = sys.argv[1]


def smooth(rng, height, width):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([4 * x + 3 * y, 255 - 5 * x, 120 + 60 * np.sin(x / 3) * np.cos(y / 4)], -1)
    return np.clip(waves + rng.integers(-40, 40, waves.shape), 0, 255).astype(np.uint8)


rng = np.random.default_rng(11)
image = smooth(rng, 37, 29)
np.save(f"{out}/resize_in.npy", image)
for h, w in [(64, 64), (16, 20), (37, 11), (5, 29), (1, 1)]:
    np.save(f"{out}/resize_{h}x{w}.npy", np.array(Image.fromarray(image).resize((w, h), Image.BILINEAR)))
np.save(f"{out}/grey.npy", np.array(Image.fromarray(image).convert("L")))

rng = np.random.default_rng(12)
with open(f"{out}/resizes.ref", "wb") as f:
    for i in range(80):
        height, width, new_height, new_width = (int(n) for n in rng.integers(1, 34, 4))
        image = smooth(rng, height, width) if i % 4 else (255 * rng.integers(0, 2, (height, width, 3))).astype(np.uint8)
        image = image if i % 3 else image[..., 0]
        made = np.array(Image.fromarray(image).resize((new_width, new_height), FILTERS[i % 3 if i % 5 else 1]))
        channels = 1 if image.ndim == 2 else 3
        f.write(bytes([height, width, channels, new_height, new_width, i % 3 if i % 5 else 1]) + image.tobytes() + made.tobytes())
print("Pillow", PIL.__version__)
