"""The network of tests/e2e/small.ftm in PyTorch, for the scripts that make references with it."""
import torch.nn as nn
import torch.nn.functional as F


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 20, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(20)
        self.conv2 = nn.Conv2d(20, 20, 3, 1, 1, groups=20, bias=False)
        self.bn2 = nn.BatchNorm2d(20)
        self.conv3 = nn.Conv2d(20, 20, 1)
        self.bn3 = nn.BatchNorm2d(20, eps=0.001, momentum=0.01)
        self.fc = nn.Linear(20, 5)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        y = F.relu6(self.bn2(self.conv2(x)))
        y = self.bn3(self.conv3(y))
        x = F.max_pool2d(x + y, 2)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
