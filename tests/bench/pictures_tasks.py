#!/usr/bin/env python3
"""The tasks that the recipes of `ftmc init` are measured on: pictures_tasks.py CACHE OUT

CACHE is `.cache/` after the examples have fetched MNIST, Fashion-MNIST and the stamps. OUT gets a folder per task, as --data takes
it: stamps0 ... stamps4 (five folds of photographs in 5 classes, pictures in folders), mnist100, fashion100 and fashion1000 (the
first so many training pictures of each class and all test pictures, as IDX). Everything follows from names and order alone.
"""
import gzip
import pathlib
import shutil
import struct
import subprocess
import sys

PREPARE = pathlib.Path(__file__).resolve().parents[2] / "examples/scenarios/prepare.py"
STAMPS = "stamps/usr/share/tuxpaint/stamps"


def read_idx(path):
    data = (gzip.open(path) if path.suffix == ".gz" else open(path, "rb")).read()
    rank = data[3]
    return struct.unpack(f">{rank}I", data[4:4 + 4 * rank]), data[4 + 4 * rank:]


def write_idx(path, shape, data):
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data)


def first_of_each(cache, names, count, out):
    train_images, train_labels, test_images, test_labels = (cache / n for n in names)
    (_, height, width), pixels = read_idx(train_images)
    _, classes = read_idx(train_labels)
    left, taken = {c: count for c in set(classes)}, []
    for i, c in enumerate(classes):
        if left[c]:
            left[c] -= 1
            taken.append(i)
    size = height * width
    out.mkdir(parents=True, exist_ok=True)
    write_idx(out / "train-images.gz", (len(taken), height, width), b"".join(pixels[i * size:(i + 1) * size] for i in taken))
    write_idx(out / "train-labels.gz", (len(taken),), bytes(classes[i] for i in taken))
    for name, file in (("images", test_images), ("labels", test_labels)):
        write_idx(out / f"test-{name}.gz", *read_idx(file))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    cache, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    subprocess.run([sys.executable, PREPARE, "stamps", cache / STAMPS, "100000", out / "folds"], check=True)
    for fold in range(5):
        shutil.rmtree(out / f"stamps{fold}", ignore_errors=True)
        (out / "folds" / f"fold{fold}").rename(out / f"stamps{fold}")
    (out / "folds").rmdir()
    idx = [f"{part}-{kind}-idx{rank}-ubyte" for part in ("train", "t10k") for kind, rank in (("images", 3), ("labels", 1))]
    first_of_each(cache, idx, 100, out / "mnist100")
    fashion = [f"fashion-{name}.gz" for name in idx]
    first_of_each(cache, fashion, 100, out / "fashion100")
    first_of_each(cache, fashion, 1000, out / "fashion1000")


main()
