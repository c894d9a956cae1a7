"""A weight file as training leaves it: trained_file.py SOURCE OUT CLASSES [ADDED], lists with commas

The tensors are those of SOURCE; the metadata says which classes it tells apart and which tensors are of layers that its recipe had added."""
import json
import pathlib
import struct
import sys

source, out, classes, *added = sys.argv[1:]
data = pathlib.Path(source).read_bytes()
(length,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + length])
header["__metadata__"] = {"recipe": "finetune x {}\n", "classes": classes.replace(",", "\n"),
                          "added": "".join(added).replace(",", "\n")}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
pathlib.Path(out).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length:])
