"""The models of models/ beside the same networks of torchvision and timm, for compare_networks.py."""
import importlib
from typing import NamedTuple

DROPOUT, PATHS = {"dropout": 0.0}, {"stochastic_depth_prob": 0.0}
IMAGENET = "imagenet"
LITE = "mean = 127, std = 128, scale = 1"


class Network(NamedTuple):
    model: str
    file: str  # that has the model
    name: str  # in the library
    off: dict = {}  # what switches off the random parts of training, in the recipe and in torchvision
    normalize: str = IMAGENET
    options: dict = {}  # with which torchvision makes the network that the model is

    def torchvision(self, classes):
        make = getattr(importlib.import_module("torchvision.models"), self.name)
        return make(weights=None, num_classes=classes, **self.off, **self.options)

    def timm(self, classes):
        return importlib.import_module("timm").create_model(self.name, num_classes=classes)

    def normalized(self, pixels):
        """f32 [N, C, H, W] of a tensor of pixels as the recipe's normalize() has them."""
        if self.normalize == LITE:
            return (pixels.float() - 127) / 128
        mean, std = (pixels.new_tensor(v, dtype=importlib.import_module("torch").float32).view(1, 3, 1, 1)
                     for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        return (pixels.float() / 255 - mean) / std


def torchvision_networks():
    resnets = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2")
    yield from (Network(name, "resnet", name) for name in resnets)
    yield Network("mobilenet_v2", "mobilenet", "mobilenet_v2", DROPOUT)
    yield from (Network(name, "mobilenet_v3", name, DROPOUT) for name in ("mobilenet_v3_small", "mobilenet_v3_large"))
    for name in ("efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3", "efficientnet_v2_s"):
        yield Network(name, "efficientnet", name, DROPOUT | PATHS)
    yield Network("convnext_tiny", "convnext", "convnext_tiny", PATHS)
    yield Network("densenet121", "densenet", "densenet121")
    yield Network("regnet_y_400mf", "regnet", "regnet_y_400mf")
    yield from (Network(name, "vgg", name, DROPOUT) for name in ("vgg16", "vgg16_bn"))
    yield from (Network(name, "squeezenet", name, DROPOUT) for name in ("squeezenet1_0", "squeezenet1_1"))
    yield from (Network(f"shufflenet_v2_{x}", "shufflenet", f"shufflenet_v2_{x}") for x in ("x0_5", "x1_0", "x1_5", "x2_0"))
    yield from (Network(f"mnasnet{x}", "mnasnet", f"mnasnet{x}", DROPOUT) for x in ("0_5", "0_75", "1_0", "1_3"))
    yield Network("googlenet", "googlenet", "googlenet", DROPOUT, options={"aux_logits": False, "init_weights": False})


def timm_networks():
    for name in ("resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2"):
        yield Network(name, "resnet", name)
    yield Network("mobilenet_v2", "mobilenet", "mobilenetv2_100", DROPOUT)
    yield from (Network(f"efficientnet_b{n}", "efficientnet", f"efficientnet_b{n}", DROPOUT | PATHS) for n in range(4))
    yield from (Network(f"efficientnet_lite{n}", "efficientnet_lite0", f"tf_efficientnet_lite{n}", {}, LITE) for n in range(5))
    yield from (Network(f"mobilenetv3_{size}_100", "mobilenet_v3", f"mobilenetv3_{size}_100", DROPOUT) for size in ("small", "large"))
    yield Network("mobilenet_v4_conv_small", "mobilenet_v4", "mobilenetv4_conv_small")
    yield Network("convnext_tiny", "convnext", "convnext_tiny", PATHS)
    yield Network("densenet121", "densenet", "densenet121")
    yield Network("regnet_y_400mf", "regnet", "regnety_004")
    yield from (Network(name, "vgg", name, DROPOUT) for name in ("vgg16", "vgg16_bn"))
