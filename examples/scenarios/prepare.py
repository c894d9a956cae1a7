#!/usr/bin/env python3
"""Makes the folders that the scenarios train on.

    prepare.py stamps SOURCE N OUT        OUT/fold0 ... OUT/fold4: train/CLASS/*.png, at most N of each, and test/CLASS/*.png
    prepare.py all SOURCE N OUT         OUT/CLASS/*.png: at most N of each
    prepare.py few SOURCE N OUT           OUT/{train,test}-{images,labels}.gz: of Fashion-MNIST's training images the first N of
                                          each class, and its test images

Files are linked, not copied. The folds follow from the names of the pictures alone."""
import gzip
import hashlib
import os
import pathlib
import struct
import sys

CLASSES = {"birds": "animals/birds", "flowers": "plants/flowers", "fruit": "food/fruit", "mammals": "animals/mammals",
           "vegetables": "food/vegetables"}
FOLDS = 5


def photographs(folder):
    names = [p for p in sorted(folder.rglob("*.png")) if "cartoon" not in str(p) and "_mirror" not in p.name]
    return sorted(names, key=lambda p: hashlib.sha256(p.name.encode()).hexdigest())


def link(pictures, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        at = folder / f"{i:03d}-{picture.name}"
        if not at.exists():
            os.link(picture, at)


def stamps(source, count, out):
    for name, part in CLASSES.items():
        pictures = photographs(source / part)
        for fold in range(FOLDS):
            link(pictures[fold::FOLDS], out / f"fold{fold}" / "test" / name)
            link([p for i, p in enumerate(pictures) if i % FOLDS != fold][:count], out / f"fold{fold}" / "train" / name)


def all_of_each(source, count, out):
    for name, part in CLASSES.items():
        link(photographs(source / part)[:count], out / name)


def read_idx(path):
    data = (gzip.open(path) if path.suffix == ".gz" else open(path, "rb")).read()
    rank = data[3]
    return struct.unpack(f">{rank}I", data[4:4 + 4 * rank]), data[4 + 4 * rank:]


def write_idx(path, shape, data):
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data)


def first_of_each(source, prefix, suffix, count, out):
    """PREFIX...SUFFIX: the four files of MNIST, or of what is kept like it."""
    train_images, train_labels, test_images, test_labels = (
        source / f"{prefix}{part}-{kind}-ubyte{suffix}" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
    (_, height, width), pixels = read_idx(train_images)
    _, classes = read_idx(train_labels)
    taken, left = [], {c: count for c in set(classes)}
    for i, c in enumerate(classes):
        if left[c]:
            left[c] -= 1
            taken.append(i)
    size = height * width
    out.mkdir(parents=True, exist_ok=True)
    write_idx(out / "train-images.gz", (len(taken), height, width), b"".join(pixels[i * size:(i + 1) * size] for i in taken))
    write_idx(out / "train-labels.gz", (len(taken),), bytes(classes[i] for i in taken))
    write_idx(out / "test-images.gz", *read_idx(test_images))
    write_idx(out / "test-labels.gz", *read_idx(test_labels))


def few(source, count, out):
    first_of_each(source, "fashion-", ".gz", count, out)


def main():
    make = {"stamps": stamps, "all": all_of_each, "few": few}.get(sys.argv[1]) if len(sys.argv) == 5 else None
    if not make:
        sys.exit(__doc__)
    make(pathlib.Path(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4]))


if __name__ == "__main__":
    main()
