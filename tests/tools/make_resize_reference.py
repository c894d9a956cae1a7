"""Makes the stored references of tests/unit/app_transform.c with Pillow.

Recorded run: Pillow 13.0.0, numpy seed 11. Run: python make_resize_reference.py OUTDIR
"""
import sys
import numpy as np
import PIL
from PIL import Image

out = sys.argv[1]
rng = np.random.default_rng(11)
y, x = np.mgrid[0:37, 0:29]
smooth = np.stack([4 * x + 3 * y, 255 - 5 * x, 120 + 60 * np.sin(x / 3) * np.cos(y / 4)], -1)
image = np.clip(smooth + rng.integers(-40, 40, smooth.shape), 0, 255).astype(np.uint8)
np.save(f"{out}/resize_in.npy", image)
for h, w in [(64, 64), (16, 20), (37, 11), (5, 29), (1, 1)]:
    np.save(f"{out}/resize_{h}x{w}.npy", np.array(Image.fromarray(image).resize((w, h), Image.BILINEAR)))
np.save(f"{out}/grey.npy", np.array(Image.fromarray(image).convert("L")))
print("Pillow", PIL.__version__)
