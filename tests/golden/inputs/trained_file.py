"""A weight file as training leaves it: trained_file.py SOURCE OUT CLASSES [ADDED [FROM [UNUSED]]], lists with commas

The tensors are those of SOURCE; the metadata says which classes it tells apart and which tensors are of layers that its recipe had added.
With FROM the file holds nothing else but these, and says that the rest is in FROM, which is what SOURCE is called there,
but for its tensor UNUSED."""
import hashlib
import json
import pathlib
import struct
import sys

source, out, classes, *more = sys.argv[1:]
added, origin, unused = (more + [""] * 3)[:3]
data = pathlib.Path(source).read_bytes()
(length,) = struct.unpack("<Q", data[:8])
header, body = json.loads(data[8:8 + length]), data[8 + length:]
facts = {"recipe": "finetune x {}\n", "classes": classes.replace(",", "\n"), "added": added.replace(",", "\n")}
if origin:
    facts |= {"source": origin, "source_sha256": hashlib.sha256(data).hexdigest(), "source_names": "\t" + unused}
kept, values = {"__metadata__": facts}, b""
for name, row in header.items():
    if name == "__metadata__" or origin and name not in added.split(","):
        continue
    begin, end = row["data_offsets"]
    kept[name] = row | {"data_offsets": [len(values), len(values) + end - begin]}
    values += body[begin:end]
text = json.dumps(kept).encode()
text += b" " * (-len(text) % 8)
pathlib.Path(out).write_bytes(struct.pack("<Q", len(text)) + text + values)
