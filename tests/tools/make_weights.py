#!/usr/bin/env python3
"""Makes the small weight files of tests/unit/data/weights: `make_weights.py FOLDER`.

Written with PyTorch 2.13.0. The expected contents are formulas, repeated in tests/unit/weights_files.c, so the files
need no reference values. The zip files carry no time stamps, but other versions of PyTorch may write other bytes.
"""
import collections
import pathlib
import sys
import zipfile

import torch


def ramp(*shape, dtype=torch.float32):
    """0, 1, 2, ... minus 2, in row-major order."""
    count = torch.Size(shape).numel()
    return (torch.arange(count) - 2).to(dtype).reshape(shape)


def types():
    shared = ramp(8)
    return collections.OrderedDict(
        [
            ("f32", ramp(2, 3)),
            ("f16", ramp(5, dtype=torch.float16)),
            ("bf16", ramp(4, dtype=torch.bfloat16)),
            ("i64", torch.tensor(7)),
            ("u8", torch.arange(3, dtype=torch.uint8)),
            ("transposed", ramp(3, 2).t()),
            ("every_other", shared[1::2]),
            ("tail", shared[5:]),
            ("expanded", torch.tensor([5.0]).expand(4)),
            ("parameter", torch.nn.Parameter(ramp(2))),
        ]
    )


def more_types():
    more = types()
    more["f64"] = ramp(3, dtype=torch.float64)
    more["flag"] = torch.tensor([True, False])
    more["empty"] = torch.zeros(0, 3)
    return more


class Other:
    """A class that a reader without it cannot rebuild."""


def nested():
    state = {"module.a.weight": ramp(2, 2), "module.a.bias": ramp(2), "module.note": "text"}
    return {"epoch": 3, "other": Other(), "optimizer": {"lr": 0.1, "state": {0: ramp(2)}}, "state_dict": state}


def repack(source, target, compression):
    """The same archive, compressed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name), compression)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(types(), folder / "types_zip.pth")
    torch.save(more_types(), folder / "types_legacy.pth", _use_new_zipfile_serialization=False)
    repack(folder / "types_zip.pth", folder / "types_deflated.pth", zipfile.ZIP_DEFLATED)
    torch.save(nested(), folder / "nested_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": {"w": ramp(3)}, "step": 1}, folder / "model_zip.pth", pickle_protocol=4)
    torch.save(torch.nn.Identity(), folder / "class_zip.pth")
    with zipfile.ZipFile(folder / "no_pickle.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("readme.txt", (1980, 1, 1, 0, 0, 0)), "no weights here")


if __name__ == "__main__":
    main()
