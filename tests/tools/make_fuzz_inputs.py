#!/usr/bin/env python3
"""Makes inputs for the fuzzers out of files of the tests: `make_fuzz_inputs.py tests FOLDER`.

    FOLDER/pickle       the pickles inside the weight files of tests/unit/data/weight_cases (make_weight_cases.py)
    FOLDER/description  the recipes of tests/golden/lang and tests/golden/errors in one file each, with what they import
    FOLDER/safetensors  a state dict in every data type, and headers as other writers make them or as none should

`fuzz_NAME -merge=1 tests/fuzz/corpus/NAME FOLDER/NAME` then keeps those that reach more code.
"""
import io
import json
import pathlib
import pickletools
import re
import struct
import sys
import zipfile

LARGEST = 2048  # bytes: inputs are small
TYPES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4,
         "F32": 4, "I64": 8, "U64": 8, "F64": 8}


def pickles(data):
    """All pickles that follow each other from the start, as a legacy file has them in front of its values."""
    stream, found = io.BytesIO(data), []
    while True:
        start = stream.tell()
        try:
            for _ in pickletools.genops(stream):
                pass
        except Exception:  # what follows is no pickle
            return found
        found.append(data[start:stream.tell()])


def state_pickle(path):
    data = path.read_bytes()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return next((archive.read(n) for n in archive.namelist() if n.endswith("data.pkl")), None)
    return max(pickles(data), key=len, default=None)


def whole_recipe(path):
    """The text without its checks, with what it imports in the import's place; None if something is not a file there."""
    def imported(match):
        return (path.parent / match[1]).read_text()

    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.M)
    try:
        return re.sub(r'^import "(.*)"\n', imported, text, flags=re.M)
    except OSError:
        return None


def safetensors(header, size, text=None):
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False) if text is None else text
    return struct.pack("<Q", len(text.encode())) + text.encode() + bytes(i * 37 % 251 for i in range(size))


def tensor(dtype, shape, start):
    size = TYPES[dtype]
    for d in shape:
        size *= d
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, start + size]}


def safetensors_inputs():
    every, at = {}, 0
    for dtype in TYPES:
        every[f"w.{dtype}"] = tensor(dtype, [2, 3], at)
        at = every[f"w.{dtype}"]["data_offsets"][1]
    one = {"w": tensor("F32", [2], 0)}
    yield "every_type", safetensors(every, at)
    yield "metadata", safetensors({"__metadata__": {"format": "pt", "ftmc": "{\"a\":[1,2]}"}} | one, 8)
    yield "only_metadata", safetensors({"__metadata__": {}}, 0)
    yield "scalar_and_empty", safetensors({"s": tensor("I64", [], 0), "e": tensor("F32", [0, 3], 8)}, 8)
    yield "six_ranks", safetensors({"w": tensor("F16", [1, 2, 1, 1, 2, 1], 0)}, 8)
    yield "seven_ranks", safetensors({"w": tensor("F16", [1, 2, 1, 1, 2, 1, 1], 0)}, 8)
    yield "other_order", safetensors({"b": tensor("F32", [1], 4), "a": tensor("F32", [1], 0)}, 8)
    yield "names", safetensors({"größe\u00e9\U0001f600": tensor("F32", [1], 0), "": tensor("F32", [1], 4)}, 8)
    yield "escapes", safetensors(one, 8, '{"\\u0077\\ud83d\\ude00\\n":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}')
    yield "padded", safetensors(one, 8, json.dumps(one) + " " * 13)
    yield "twice", safetensors(one, 8, json.dumps(one)[:-1] + "," + json.dumps(one)[1:])
    yield "overlap", safetensors({"a": tensor("F32", [2], 0), "b": tensor("F32", [2], 4)}, 12)
    yield "gap", safetensors({"a": tensor("F32", [1], 0), "b": tensor("F32", [1], 8)}, 12)
    yield "cut", safetensors(one, 7)
    yield "trailing", safetensors(one, 9)
    yield "overflow", safetensors({"w": {"dtype": "F64", "shape": [1 << 31, 1 << 31, 8], "data_offsets": [0, 8]}}, 8)
    yield "negative", safetensors({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}}, 8)
    yield "fraction", safetensors(one, 8, '{"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8e0]}}')


def inputs(tests):
    for path in sorted((tests / "unit/data/weight_cases").iterdir()):
        yield "pickle", path.stem + ".pkl", state_pickle(path)
    for path in sorted(tests.glob("golden/lang/*.ftm")) + sorted(tests.glob("golden/errors/*.ftm")):
        text = whole_recipe(path)
        yield "description", f"whole_{path.stem.lower()}.ftm", text and text.encode()
    for name, data in safetensors_inputs():
        yield "safetensors", name + ".safetensors", data


def main():
    tests, folder = map(pathlib.Path, sys.argv[1:3])
    for corpus, name, data in inputs(tests):
        (folder / corpus).mkdir(parents=True, exist_ok=True)
        if data and len(data) <= LARGEST:
            (folder / corpus / name).write_bytes(data)


if __name__ == "__main__":
    main()
