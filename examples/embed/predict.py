"""The same as predict.c in Python, without a package: predict.py FOLDER_OF_THE_LIBRARY < PIXELS"""
import ctypes
import re
import sys

folder = sys.argv[1]
constants = {name: int(value) for name, value in re.findall(r"#define NUMERALS_(\w+) (\d+)", open(f"{folder}/numerals.h").read())}
library = ctypes.CDLL(f"{folder}/libnumerals.so")
library.numerals_workspace_size.restype = ctypes.c_size_t
library.numerals_error.restype = library.numerals_class_name.restype = ctypes.c_char_p

model = (ctypes.c_uint64 * 32)()
assert library.numerals_model_open(model, ctypes.c_uint32(constants["ABI_VERSION"]), None, ctypes.c_size_t(0)) == 0
size = library.numerals_workspace_size(model, None)
memory = ctypes.create_string_buffer(size + constants["ALIGNMENT"])
start = -ctypes.addressof(memory) % constants["ALIGNMENT"]
context = ctypes.c_void_p()
assert library.numerals_init(model, None, ctypes.byref(memory, start), ctypes.c_size_t(size), ctypes.byref(context)) == 0

probabilities = (ctypes.c_float * constants["OUTPUTS"])()
while len(pixels := sys.stdin.buffer.read(28 * 28)) == 28 * 28:
    side = ctypes.c_int64(28)
    if library.numerals_predict_u8(context, pixels, side, side, side, 0, probabilities) != 0:
        sys.exit(library.numerals_error(context).decode())
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    print(library.numerals_class_name(model, ctypes.c_int64(best)).decode(), f"{probabilities[best]:.6f}")
