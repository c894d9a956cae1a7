# One behind the other.
import torch


def chain(sources):
    """The samples of several sources."""
    return torch.utils.data.ConcatDataset(sources)
