"""Fashion-MNIST as IDX files of 100 labelled pictures of each class and of 20,000 others, whose labels are zeros. prepare.py CACHE OUT"""
import gzip
import pathlib
import struct
import sys

cache, out = (pathlib.Path(p) for p in sys.argv[1:])
images = gzip.decompress((cache / "fashion-train-images-idx3-ubyte.gz").read_bytes())[16:]
labels = gzip.decompress((cache / "fashion-train-labels-idx1-ubyte.gz").read_bytes())[8:]


def write(name, chosen, names):
    (out / f"{name}-images").write_bytes(struct.pack(">IIII", 0x803, len(chosen), 28, 28) + b"".join(images[784 * i:784 * i + 784] for i in chosen))
    (out / f"{name}-labels").write_bytes(struct.pack(">II", 0x801, len(chosen)) + bytes(names))


seen, labelled, rest = [0] * 10, [], []
for i, label in enumerate(labels):
    (labelled if seen[label] < 100 else rest).append(i)
    seen[label] += 1
write("labelled", labelled, [labels[i] for i in labelled])
write("unlabelled", rest[:20000], [0] * 20000)
