"""A weight file with names that others give, all zeros: other_names.py MODEL OUT

timm's are made from what timm builds its modules from (timm/models/_efficientnet_blocks.py, efficientnet.py, regnet.py, vgg.py, convnext.py):
the strings of its architectures, and the names of its modules; this file knows nothing of torchvision's. DenseNet's first names are
those of the published files, which torchvision renames when it loads them (densenet.py, _load_state_dict).
"""
import json
import math
import struct
import sys

BN = ("weight", "bias", "running_mean", "running_var")


class File:
    def __init__(self):
        self.tensors = {}

    def conv(self, name, out, channels, kernel, bias=False):
        self.tensors[name + ".weight"] = [out, channels, kernel, kernel]
        if bias:
            self.tensors[name + ".bias"] = [out]

    def linear(self, name, out, features):
        self.tensors[name + ".weight"] = [out, features]
        self.tensors[name + ".bias"] = [out]

    def batch_norm(self, name, channels):
        for word in BN:
            self.tensors[f"{name}.{word}"] = [channels]
        self.tensors[name + ".num_batches_tracked"] = []

    def layer_norm(self, name, channels):
        self.tensors[name + ".weight"] = [channels]
        self.tensors[name + ".bias"] = [channels]

    def write(self, path):
        header, end = {}, 0
        for name, shape in self.tensors.items():
            counter = name.endswith("num_batches_tracked")
            size = math.prod(shape) * (8 if counter else 4)
            header[name] = {"dtype": "I64" if counter else "F32", "shape": shape, "data_offsets": [end, end + size]}
            end += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            out.truncate(8 + len(text) + end)


def decode(text):
    """'ir_r2_k3_s2_e6_c24_se0.25' -> kind and numbers"""
    kind, *rest = text.split("_")
    numbers = {"se": 0.0}
    for part in rest:
        word = part.rstrip("0123456789.")
        numbers[word] = float(part[len(word):])
    return kind, numbers


def squeeze_excite(file, name, channels, reduced):
    file.conv(name + ".conv_reduce", reduced, channels, 1, bias=True)
    file.conv(name + ".conv_expand", channels, reduced, 1, bias=True)


def depthwise_separable(file, name, channels, out, kernel, se):
    file.conv(name + ".conv_dw", channels, 1, kernel)
    file.batch_norm(name + ".bn1", channels)
    if se:
        squeeze_excite(file, name + ".se", channels, int(channels * se))
    file.conv(name + ".conv_pw", out, channels, 1)
    file.batch_norm(name + ".bn2", out)


def inverted_residual(file, name, channels, out, kernel, expand, se):
    mid = channels * expand
    file.conv(name + ".conv_pw", mid, channels, 1)
    file.batch_norm(name + ".bn1", mid)
    file.conv(name + ".conv_dw", mid, 1, kernel)
    file.batch_norm(name + ".bn2", mid)
    if se:
        squeeze_excite(file, name + ".se", mid, int(channels * se))
    file.conv(name + ".conv_pwl", out, mid, 1)
    file.batch_norm(name + ".bn3", out)


def efficientnet(file, arch):
    channels = 32
    file.conv("conv_stem", channels, 3, 3)
    file.batch_norm("bn1", channels)
    for stage, text in enumerate(arch):
        kind, n = decode(text)
        for i in range(int(n["r"])):
            name, out, kernel = f"blocks.{stage}.{i}", int(n["c"]), int(n["k"])
            if kind == "ds":
                depthwise_separable(file, name, channels, out, kernel, n["se"])
            else:
                inverted_residual(file, name, channels, out, kernel, int(n["e"]), n["se"])
            channels = out
    file.conv("conv_head", 1280, channels, 1)
    file.batch_norm("bn2", 1280)
    file.linear("classifier", 1000, 1280)


def conv_norm(file, name, out, channels, kernel):
    file.conv(name + ".conv", out, channels, kernel)
    file.batch_norm(name + ".bn", out)


def regnet(file, widths, depths, group, se):
    channels = 32
    conv_norm(file, "stem", channels, 3, 3)
    for stage, (width, depth) in enumerate(zip(widths, depths), 1):
        for i in range(1, depth + 1):
            name, reduced = f"s{stage}.b{i}", round(channels * se)
            conv_norm(file, name + ".conv1", width, channels, 1)
            conv_norm(file, name + ".conv2", width, group, 3)
            file.conv(name + ".se.fc1", reduced, width, 1, bias=True)
            file.conv(name + ".se.fc2", width, reduced, 1, bias=True)
            conv_norm(file, name + ".conv3", width, width, 1)
            if i == 1:
                conv_norm(file, name + ".downsample", width, channels, 1)
            channels = width
    file.linear("head.fc", 1000, channels)


def vgg(file, cfg, head):
    channels, index = 3, 0
    for v in cfg:
        if v == "M":
            index += 1
            continue
        file.conv(f"features.{index}", v, channels, 3, bias=True)
        channels, index = v, index + 2
    file.conv("pre_logits.fc1", head, channels, 7, bias=True)
    file.conv("pre_logits.fc2", head, head, 1, bias=True)
    file.linear("head.fc", 10, head)


def densenet_first(file, depths, growth, stem, bottleneck):
    channels = stem
    file.conv("features.conv0", stem, 3, 7)
    file.batch_norm("features.norm0", stem)
    for b, depth in enumerate(depths, 1):
        for i in range(1, depth + 1):
            name = f"features.denseblock{b}.denselayer{i}"
            file.batch_norm(name + ".norm.1", channels)
            file.conv(name + ".conv.1", bottleneck * growth, channels, 1)
            file.batch_norm(name + ".norm.2", bottleneck * growth)
            file.conv(name + ".conv.2", growth, bottleneck * growth, 3)
            channels += growth
        if b < len(depths):
            file.batch_norm(f"features.transition{b}.norm", channels)
            file.conv(f"features.transition{b}.conv", channels // 2, channels, 1)
            channels //= 2
    file.batch_norm("features.norm5", channels)
    file.linear("classifier", 10, channels)


def convnext(file, depths, dims):
    file.conv("stem.0", dims[0], 3, 4, bias=True)
    file.layer_norm("stem.1", dims[0])
    for s, (depth, dim) in enumerate(zip(depths, dims)):
        if s:
            file.layer_norm(f"stages.{s}.downsample.0", dims[s - 1])
            file.conv(f"stages.{s}.downsample.1", dim, dims[s - 1], 2, bias=True)
        for i in range(depth):
            name = f"stages.{s}.blocks.{i}"
            file.tensors[name + ".gamma"] = [dim]
            file.conv(name + ".conv_dw", dim, 1, 7, bias=True)
            file.layer_norm(name + ".norm", dim)
            file.linear(name + ".mlp.fc1", 4 * dim, dim)
            file.linear(name + ".mlp.fc2", dim, 4 * dim)
    file.layer_norm("head.norm", dims[-1])
    file.linear("head.fc", 10, dims[-1])


MODELS = {
    "efficientnet_b0": lambda f: efficientnet(f, [
        "ds_r1_k3_s1_e1_c16_se0.25", "ir_r2_k3_s2_e6_c24_se0.25", "ir_r2_k5_s2_e6_c40_se0.25", "ir_r3_k3_s2_e6_c80_se0.25",
        "ir_r3_k5_s1_e6_c112_se0.25", "ir_r4_k5_s2_e6_c192_se0.25", "ir_r1_k3_s1_e6_c320_se0.25"]),
    "mobilenetv2_100": lambda f: efficientnet(f, [
        "ds_r1_k3_s1_c16", "ir_r2_k3_s2_e6_c24", "ir_r3_k3_s2_e6_c32", "ir_r4_k3_s2_e6_c64", "ir_r3_k3_s1_e6_c96",
        "ir_r3_k3_s2_e6_c160", "ir_r1_k3_s1_e6_c320"]),
    "tf_efficientnet_lite3": lambda f: efficientnet(f, [
        "ds_r1_k3_s1_e1_c24", "ir_r3_k3_s2_e6_c32", "ir_r3_k5_s2_e6_c48", "ir_r5_k3_s2_e6_c96", "ir_r5_k5_s1_e6_c136",
        "ir_r6_k5_s2_e6_c232", "ir_r1_k3_s1_e6_c384"]),
    "regnety_004": lambda f: regnet(f, [48, 104, 208, 440], [1, 3, 6, 6], 8, 0.25),
    "vgg_small": lambda f: vgg(f, [4, "M", 6, "M"], 16),
    "convnext_small": lambda f: convnext(f, [1, 2], [4, 8]),
    "densenet_first": lambda f: densenet_first(f, [2, 1], 4, 8, 2),
}

made = File()
MODELS[sys.argv[1]](made)
made.write(sys.argv[2])
