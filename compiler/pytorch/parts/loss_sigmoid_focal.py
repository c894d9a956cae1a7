# torchvision's, which is a function.
from torch import nn
from torchvision.ops import sigmoid_focal_loss


class SigmoidFocal(nn.Module):
    """A yes or no for each class, which counts the less the surer it is right."""

    def __init__(self, alpha=0.25, gamma=2.0):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, x, target):
        return sigmoid_focal_loss(x, target, self.alpha, self.gamma, "mean")
