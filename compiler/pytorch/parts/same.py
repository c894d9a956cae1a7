# Padding that follows from the size of the map.
import torch.nn.functional as F


def pad_sides(x, padding, kernel, stride=1, dilation=1, value=0.0):
    """x with (top, left, bottom, right) places around it; "same": TensorFlow's, by which
    the result has ceil(size / stride) places and the odd one is below and on the right."""
    if padding != "same":
        top, left, bottom, right = padding
        return F.pad(x, (left, right, top, bottom), value=value)
    sides = []
    for axis in (1, 0):  # F.pad begins with the columns
        size, step, window, distance = (
            v if isinstance(v, int) else v[axis]
            for v in (x.shape[2 + axis], stride, kernel, dilation)
        )
        reach = distance * (window - 1) + 1
        total = max((-(-size // step) - 1) * step + reach - size, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)
