"""Makes folders of pictures and a weight file for init.test: init_pictures.py OUT."""
import gzip
import json
import math
import os
import pathlib
import struct
import sys
import zlib

out = pathlib.Path(sys.argv[1])


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path, width, height, kind=0, grey=0):
    """A grey picture (kind 0), or a grey one with transparency (kind 4)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = bytes([0]) + bytes([grey] if kind == 0 else [grey, 128]) * width
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b""))


def idx(path, shape, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data))


def weights(name, shapes):
    """A file of zeros for {tensor: shape}."""
    header, at = {}, 0
    for tensor, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[tensor] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (out / name).write_bytes(struct.pack("<Q", len(text)) + text + bytes(at))


for name, count in {"ant": 3, "bee": 5}.items():
    for i in range(count):
        png(out / "small" / name / f"{i}.png", 30, 28, grey=i)
        png(out / "parts" / "train" / name / f"{i}.png", 300, 300, grey=i)
        png(out / "parts" / "test" / name / f"{i}.png", 300, 300, grey=i)
        png(out / "long" / name / f"{i}.png", 300, 100, kind=4, grey=i)
for i in range(12):
    png(out / "odd" / "Train" / "cat" / f"{i}.png", 30, 28, grey=i)
for i in range(4):
    png(out / "odd" / "Train" / "cat" / f"IMG_20240101_12000{i}.png", 30, 28, grey=20 + i)
    png(out / "burst" / "car" / f"IMG_20240101_12000{i}.png", 30, 28, grey=20 + i)
    png(out / "burst" / "train" / f"{i}.png", 30, 28, grey=i)
png(out / "odd" / "Train" / "Cat" / "1.png", 30, 28, grey=99)
png(out / "odd" / "TEST" / "cat" / "1.png", 30, 28, grey=98)
for folder in ("Train/dog", "holdout"):
    (out / "odd" / folder).mkdir()
for name in ("a.bmp", "b.bmp", "notes.txt"):
    (out / "odd" / "Train" / "cat" / name).write_text("x")
png(pathlib.Path(os.fsdecode(os.fsencode(out) + b"/latin/\xe9t\xe9/1.png")), 30, 28)
(out / "small" / "ant" / "notes.txt").write_text("no picture")
(out / "nothing").mkdir()
for part in ("train", "t10k"):
    idx(out / "digits" / f"{part}-images.gz", (30, 8, 8), bytes(range(64)) * 30)
    idx(out / "digits" / f"{part}-labels.gz", (30,), bytes([0, 1, 1] * 10))
    idx(out / "two" / f"{part}-images.gz", (30, 8, 8), bytes(range(64)) * 30)
    idx(out / "two" / f"{part}-images-more.gz", (30, 8, 8), bytes(range(64)) * 30)
    idx(out / "two" / f"{part}-labels.gz", (30,), bytes([0, 1, 1] * 10))

# A network of any size that was trained at 64, and its weights.
(out / "net.ftm").write_text("""model net(image: f32[3, H, W], classes = 10) {
    x = relu(conv: conv2d(image, 4, kernel = 3, padding = 1))
    output logits = head.last: linear(flatten(global_avg_pool(x)), classes)
}
preprocess net = resize(80), center_crop(200), to_rgb(), normalize(mean = 127, std = 128, scale = 1)
""".replace("resize(80)", "resize(228)"))
weights("net.safetensors", {"conv.weight": [4, 3, 3, 3], "conv.bias": [4], "head.last.weight": [10, 4], "head.last.bias": [10]})

# One whose last layer is a convolution with a window of its own, under a mean.
(out / "maps.ftm").write_text("""model maps(image: f32[3, H, W], classes = 10) {
    x = relu(conv: conv2d(image, 4, kernel = 3, padding = 1))
    x = last: conv2d(x, classes, kernel = [1, 3], padding = 1, bias = false, init = normal(0.01))
    output logits = flatten(global_avg_pool(relu(x)))
}
preprocess maps = resize(64, 64), to_rgb(), normalize(imagenet)
""")
weights("maps.safetensors", {"conv.weight": [4, 3, 3, 3], "conv.bias": [4], "last.weight": [10, 4, 1, 3]})
for name, count in {"few": 1200, "many": 20000}.items():  # for 300 steps, and for 5,630
    idx(out / name / "train-images.gz", (count, 4, 4), bytes(16 * count))
    idx(out / name / "train-labels.gz", (count,), bytes([0, 1] * (count // 2)))

# Tables: of a class, of several labels, of numbers, of columns of yes and no, and of what nobody can know.
tables = out / "tables"
for i in range(40):
    png(tables / f"{i}.png", 60, 50, grey=i)
for name, head, row in (
    ("kinds", "path,label", lambda i: f"{i}.png,{'ab'[i % 2]}"),
    ("tags", "image;tags", lambda i: f'{i}.png;"{"x;y" if i % 3 else ""}"'),
    ("prices", "path,price,weight", lambda i: f"{i}.png,{i * 1.5},{i}"),
    ("columns", "file,red,round", lambda i: f"{i}.png,{i % 2},{i // 2 % 2}"),
    ("unclear", "file,shop,town", lambda i: f"{i}.png,s{i % 2},t{i % 3}"),
    ("nothing", "path,label", lambda i: f"none{i}.png,{i % 2}"),
):
    (tables / f"{name}.csv").write_text("\n".join([head] + [row(i) for i in range(40)]) + "\n")
