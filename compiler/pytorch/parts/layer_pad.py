# Sides in another order than PyTorch's.
import torch.nn.functional as F


def pad(x, padding, mode="constant", value=0.0):
    """Places around a map: (vertical, horizontal) or (top, left, bottom, right)."""
    if isinstance(padding, int):
        padding = (padding, padding)
    top, left, bottom, right = padding if len(padding) == 4 else padding * 2
    sides = (left, right, top, bottom)
    return F.pad(x, sides, mode, value if mode == "constant" else None)
