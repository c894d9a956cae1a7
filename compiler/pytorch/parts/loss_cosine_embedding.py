# PyTorch's is told of each pair that it belongs together.
from torch import nn
from torch.nn import functional as F


class CosineEmbedding(nn.Module):
    """1 less the cosine of the angle between outputs and numbers of the label."""

    def forward(self, x, target):
        x, target = x.movedim(1, -1).reshape(-1, x.shape[1]), target.movedim(1, -1).reshape(-1, x.shape[1])
        return F.cosine_embedding_loss(x, target, x.new_ones(len(x)))
