#!/usr/bin/env python3
"""Makes the weight files of tests/unit/data/weight_cases: `make_weight_cases.py FOLDER`.

State dicts of one small network as people's scripts save them, with values that are formulas, written with PyTorch 2.14.0. The
golden tests of errors and the unit test of weight files read them, and so does the fuzzer. All but a few are in the
legacy format, which is the smaller one.
"""
import collections
import pathlib
import sys
import warnings
import zipfile

import numpy
import torch
from torch.nn.utils import parametrizations, prune


class Net(torch.nn.Module):
    """conv1 -> bn1 -> relu -> fc on pictures of 1 x 2 x 2; tests/golden/inputs/case.ftm is the same."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 2, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(2)
        self.fc = torch.nn.Linear(8, 3)
        with torch.no_grad():
            for value in self.state_dict().values():
                if value.is_floating_point():
                    value.copy_((torch.arange(value.numel()) + 1).reshape(value.shape) / 8)
            self.bn1.num_batches_tracked.fill_(7)


class Subclass(torch.Tensor):
    """A tensor of a class of its own."""


def state(**changes):
    """The state dict; with a change a key of it gets another value, `fc__weight` for "fc.weight"."""
    values = collections.OrderedDict((k, v.clone()) for k, v in Net().state_dict().items())
    for key, value in changes.items():
        values[key.replace("__", ".")] = value
    return values


def prefixed(prefix, values=None):
    return collections.OrderedDict((prefix + k, v) for k, v in (values or state()).items())


def scaled(factor):
    return collections.OrderedDict((k, v * factor if v.is_floating_point() else v) for k, v in state().items())


def counter(value):
    return state(bn1__num_batches_tracked=value)


def normed(method, *arguments):
    """The state dict after `method` has parametrized fc.weight."""
    net = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method(net.fc, *arguments)
    return net.state_dict()


def partly_wrapped():
    """A file in which a wrapper stands inside the names, and one key has none."""
    return {k.replace("fc.", "fc._orig_mod."): v for k, v in prefixed("module.").items()} | {"epoch": torch.tensor(3)}


def unusable():
    """What is there and cannot be used, one key for each reason."""
    weight = state()["fc.weight"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8)
    return {
        "plain": weight,
        "quantized": quantized,
        "sparse": weight.to_sparse(),
        "compressed": weight.to_sparse_csr(),
        "complex": weight.to(torch.complex64),
        "meta": weight.to("meta"),
        "uint16": torch.zeros(2, dtype=torch.uint16),
        "float8": torch.zeros(2, dtype=torch.float8_e4m3fn),
        "subclass": weight.as_subclass(Subclass),
        "lazy": torch.nn.parameter.UninitializedParameter(),
        "numpy": numpy.ones(2),
        "number": 3,
        "conjugate": torch.tensor([1 + 2j, 3 + 4j]).conj(),
    }


def negated():
    """The imaginary part of a conjugate is a view whose values are stored with the other sign."""
    return {"negated": torch.tensor([1 + 2j, 3 - 4j]).conj().imag}


def mobilenet(nested):
    """Convolutions of MobileNetV2's first blocks, by the flat names of its first PyTorch version or by torchvision's."""
    names = [("features.0.0", "features.0.0"), ("features.1.conv.0", "features.1.conv.0.0"),
             ("features.1.conv.3", "features.1.conv.1"), ("features.2.conv.0", "features.2.conv.0.0"),
             ("features.2.conv.3", "features.2.conv.1.0"), ("features.2.conv.6", "features.2.conv.2")]
    channels = [1, 4, 4, 3, 2, 2, 5]
    values = {}
    for i, pair in enumerate(names):
        values[pair[nested] + ".weight"] = torch.ones(channels[i + 1], channels[i], 1, 1)
        values[pair[nested] + ".bias"] = torch.arange(float(channels[i + 1]))
    return values


def legacy(folder):
    files = {
        "plain": state(),
        "module": prefixed("module."),
        "backbone": prefixed("module.backbone."),
        "partly": partly_wrapped(),
        "two_prefixes": prefixed("model.") | prefixed("net.", scaled(2)),
        "lightning": {"state_dict": prefixed("model.") | {"criterion.weight": torch.ones(3)}, "epoch": 3},
        "keras_words": {k.replace("bn1.weight", "bn1.gamma").replace("bn1.bias", "bn1.beta")
                        .replace("running_mean", "moving_mean").replace("running_var", "moving_variance"): v
                        for k, v in state().items()},
        "counter_half": counter(torch.tensor(7, dtype=torch.float16)),
        "counter_bfloat": counter(torch.tensor([7], dtype=torch.bfloat16)),
        "counter_double": counter(torch.tensor(7, dtype=torch.float64)),
        "counter_bool": counter(torch.tensor(True)),
        "counter_fraction": counter(torch.tensor(7.5)),
        "counter_nan": counter(torch.tensor(float("nan"))),
        "counter_two": counter(torch.tensor([7, 8])),
        "quantized": state(fc__weight=unusable()["quantized"]),
        "unusable": unusable(),
        "negated": negated(),
        "colour": state(conv1__weight=torch.ones(2, 3, 1, 1)),
        "one_nan": state(fc__bias=torch.tensor([0.0, float("nan"), 0.0])),
        "negative_variance": state(bn1__running_var=torch.tensor([0.125, -0.25])),
        "weight_norm": normed(torch.nn.utils.weight_norm),
        "weight_norm_columns": normed(torch.nn.utils.weight_norm, "weight", 1),
        "weight_norm_whole": normed(torch.nn.utils.weight_norm, "weight", None),
        "weight_norm_new": normed(parametrizations.weight_norm),
        "pruned": normed(prune.l1_unstructured, "weight", 2),
        "spectral_norm": normed(torch.nn.utils.spectral_norm),
        "spectral_norm_new": normed(parametrizations.spectral_norm),
        "net": {"epoch": 3, "lr": 0.1, "optimizer": {"state": {0: {"momentum": torch.ones(9)}}}, "net": state()},
        "ema": {"model": state(), "model_ema": scaled(2), "epoch": 1},
        "teacher": {"student": scaled(2), "teacher": {"ema.weights": state()}},
        "same_twice": (lambda s: {"model": s, "best": s})(state()),
        "default_dict": collections.defaultdict(list, state()),
        "arrays": {k: v.numpy() for k, v in state().items()},
        "mobilenet_flat": mobilenet(False),
        "mobilenet_nested": mobilenet(True),
        "tensor": torch.ones(2),
    }
    for name, value in files.items():
        torch.save(value, folder / f"{name}.pth", _use_new_zipfile_serialization=False)
    for protocol in (0, 1):
        torch.save(state(), folder / f"protocol{protocol}.pth", pickle_protocol=protocol,
                   _use_new_zipfile_serialization=False)


def archive(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, data in entries:
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compression)


def claim_size(path, name, size):
    """Lets the directory of an archive claim that an entry unfolds to `size` bytes."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name))
    data[at + 24:at + 28] = size.to_bytes(4, "little")
    path.write_bytes(data)


def archives(folder):
    """Zip files: of the new format with little in them, and what torch.save did not write."""
    torch.save({"model": Net(), "epoch": 1}, folder / "module_object.pth")
    torch.save({"w": torch.arange(3.0)}, folder / "source.pth")
    with zipfile.ZipFile(folder / "source.pth") as source:
        entries = [(n, source.read(n)) for n in source.namelist() if not n.endswith(("serialization_id", ".format_version"))]
    (folder / "source.pth").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive(folder / "twice.pth", entries + [e for e in entries if e[0].endswith("data/0")])
    for name, order in (("big_endian", b"big"), ("odd_order", b"middle")):
        archive(folder / f"{name}.pth", [(n, order if n.endswith("byteorder") else d) for n, d in entries])
    archive(folder / "claim.pth", entries, zipfile.ZIP_DEFLATED)
    claim_size(folder / "claim.pth", b"source/data/0", 0xF0000000)
    with zipfile.ZipFile(folder / "zip64.pth", "w") as target:
        for name, data in entries:
            with target.open(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), "w", force_zip64=True) as out:
                out.write(data)
    script = b"\x80\x02c__torch__\nNet\n)\x81}(X\x08\x00\x00\x00trainingI00\nub."
    archive(folder / "script.pt", [("net/data.pkl", script), ("net/code/__torch__.py", b"class Net(Module):\n")])
    archive(folder / "arrays.npz", [("w.npy", b"\x93NUMPY")])
    archive(folder / "net.keras", [("config.json", b"{}"), ("model.weights.h5", b"\x89HDF")])
    archive(folder / "artifact.zip", [("best.pth", b"PK")])


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    legacy(folder)
    archives(folder)


if __name__ == "__main__":
    main()
