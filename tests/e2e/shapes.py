"""Pictures of shapes and their masks, from formulas alone, for tests/e2e/masks.py and unet.py and the scripts that make their references."""
import numpy as np

SIZE, COUNT, IGNORED = 16, 28, 255


def pictures():
    """uint8 [28, 16, 16, 3] and uint8 [28, 16, 16]: a box (1), a disc (2) and a stripe (3) on ground (0) with a texture; the
    edge of the disc is ignored (255)."""
    y, x = np.mgrid[:SIZE, :SIZE]
    images, masks = [], []
    for i in range(COUNT):
        top, left, cy, cx, row = i * 5 % 9, i * 7 % 8, 4 + i * 3 % 8, 5 + i * 11 % 7, i * 13 % 15
        far = (y - cy) ** 2 + (x - cx) ** 2
        mask = np.zeros((SIZE, SIZE), np.uint8)
        mask[(y >= top) & (y < top + 6) & (x >= left) & (x < left + 5)] = 1
        mask[far <= 9] = 2
        mask[(y == row) & (x > i % 4)] = 3
        colour = np.array([[70, 90, 60], [200, 60, 80], [60, 190, 90], [120, 110, 210]])[mask]
        texture = (7 * x + 13 * y + 29 * i)[..., None] * np.array([3, 5, 7]) % 64 - 32
        mask[(far > 9) & (far <= 13)] = IGNORED
        images.append((colour + texture).astype(np.uint8))
        masks.append(mask)
    return np.array(images), np.array(masks)


def large_pictures():
    """The same, uint8 [28, 64, 64, 3] and uint8 [28, 64, 64]: each pixel as a block of 4x4."""
    return [a.repeat(4, 1).repeat(4, 2) for a in pictures()]
