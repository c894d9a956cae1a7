# Of the channels.
import torch


def split(x, sizes):
    """Runs of the channels, of these sizes."""
    return torch.split(x, sizes if isinstance(sizes, int) else list(sizes), dim=1)
