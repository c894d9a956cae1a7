# Of the channels.
import torch


def chunk(x, chunks):
    """So many runs of the channels."""
    return torch.chunk(x, chunks, dim=1)
