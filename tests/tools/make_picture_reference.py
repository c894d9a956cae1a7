"""Picture files of every kind with the pixels that Pillow reads in them: the stored references of tests/unit/picture.c, and a
comparison with Pillow on as many as one likes.

Recorded run: Pillow 13.0.0 (libjpeg-turbo 3.2.0, libwebp 1.6.0).
    python make_picture_reference.py --write tests/unit/data/pictures.ref
    python make_picture_reference.py --photo tests/e2e/data/photo.jpg
    python make_picture_reference.py --compare build/ci/bin/unit_picture --count 500 --seed 1

A record of the file is, little-endian: u32 bytes of the picture, the picture, u16 height, u16 width, u8 channels, u8 alpha (drop,
white, black), u8 exif (apply, ignore), u8 the most that a pixel may differ, the pixels.

PNG files are written here, since Pillow writes neither interlaced ones nor 16-bit colours.
"""
import argparse
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

ALPHAS, EXIFS = ["drop", "white", "black"], ["apply", "ignore"]
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: [1, 2, 4, 8, 16], RGB: [8, 16], PALETTE: [1, 2, 4, 8], GREY_ALPHA: [8, 16], RGBA: [8, 16]}
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


# ---- PNG ----

def packed(values, depth):
    """Bytes [rows, n] of samples [rows, n], the first in the highest bits."""
    rows, n = values.shape
    if depth == 16:
        return values.astype(">u2").view(np.uint8).reshape(rows, 2 * n)
    if depth == 8:
        return values.astype(np.uint8)
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(rows, n * depth).astype(np.uint8), axis=1)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, step, rng):
    """The rows, each behind the number of a filter and filtered by it."""
    out, above = bytearray(), bytes(rows.shape[1])
    for row in rows.tolist():
        kind = int(rng.integers(5))
        out.append(kind)
        for i, x in enumerate(row):
            a, b, c = (row[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
            out.append((x - [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) & 255)
        above = bytes(row)
    return bytes(out)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif_block(orientation, big, rng):
    order = ">" if big else "<"
    entries = [(0x010F, 2, 4, b"ab\0\0")] if rng.random() < 0.5 else []
    entries.append((0x0112, 3, 1, struct.pack(order + "HH", orientation, 0)))
    out = (b"MM\0*" if big else b"II*\0") + struct.pack(order + "I", 8) + struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        out += struct.pack(order + "HHI", tag, kind, count) + value
    return out + bytes(4)


def ancillary(rng):
    """Chunks that say how colours are meant: nothing that the pixels depend on."""
    out = b""
    if rng.random() < 0.4:
        out += chunk(b"gAMA", struct.pack(">I", int(rng.choice([100000, 45455, 55556, 2000]))))
    if rng.random() < 0.3:
        out += chunk(b"sRGB", b"\0")
    return out


def transparency(kind, depth, image, rng):
    """A tRNS chunk: alpha of a palette's colours, or the colour that is transparent."""
    if kind == PALETTE:
        return chunk(b"tRNS", bytes(rng.integers(0, 256, int(rng.integers(1, 1 << depth)), dtype=np.uint8)))
    return chunk(b"tRNS", image[0, 0].astype(">u2").tobytes())


def png(rng, kind, depth, height, width, exif):
    image = rng.integers(0, 1 << depth, (height, width, SAMPLES[kind]))
    interlaced = rng.random() < 0.4
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    out += ancillary(rng)
    if kind == PALETTE:
        out += chunk(b"PLTE", bytes(rng.integers(0, 256, 3 << depth, dtype=np.uint8)))
    if kind in (GREY, RGB, PALETTE) and rng.random() < 0.5:
        out += transparency(kind, depth, image, rng)
    step = max(1, SAMPLES[kind] * depth // 8)
    parts = [image[y::dy, x::dx] for y, x, dy, dx in PASSES] if interlaced else [image]
    data = b"".join(filtered(packed(p.reshape(p.shape[0], -1), depth), step, rng) for p in parts if p.size)
    data = zlib.compress(data, int(rng.integers(0, 10)))
    cut = int(rng.integers(0, len(data)))
    block = chunk(b"eXIf", exif) if exif else b""
    before = rng.random() < 0.5
    out += (block if before else b"") + chunk(b"IDAT", data[:cut]) + chunk(b"IDAT", data[cut:])
    return out + (b"" if before else block) + chunk(b"IEND", b"")


# ---- JPEG and WebP, by Pillow ----

def smooth(rng, height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(rng.uniform(0, 1) * y + rng.uniform(0, 1) * x + c) for c in range(channels)]
    return np.clip(np.stack(waves, -1) + rng.normal(0, 20, (height, width, channels)), 0, 255).astype(np.uint8)


def jpeg(rng, height, width, exif):
    mode = str(rng.choice(["L", "RGB", "RGB", "CMYK"]))
    image = Image.fromarray(smooth(rng, height, width, {"L": 1, "RGB": 3, "CMYK": 4}[mode]).squeeze(-1) if mode == "L"
                            else smooth(rng, height, width, {"RGB": 3, "CMYK": 4}[mode]), mode)
    out = io.BytesIO()
    options = {"exif": b"Exif\0\0" + exif} if exif else {}
    image.save(out, "JPEG", quality=int(rng.integers(20, 100)), progressive=bool(rng.random() < 0.5),
               subsampling=int(rng.integers(3)), restart_marker_rows=int(rng.integers(2)), **options)
    return out.getvalue()


def webp(rng, height, width, exif):
    channels = int(rng.choice([3, 4]))
    out, options = io.BytesIO(), {"exif": exif} if exif else {}
    Image.fromarray(smooth(rng, height, width, channels)).save(
        out, "WEBP", lossless=bool(rng.random() < 0.5), exact=True, quality=int(rng.integers(20, 100)), **options)
    return out.getvalue()


# ---- what Pillow reads ----

def laid_over(image, alpha):
    """A picture with its transparency dropped, or over a colour, as 8-bit grey or RGB."""
    grey = image.mode in ("1", "L", "LA", "I;16")
    if image.mode == "I;16":  # Pillow clips it to 255
        key = image.info.get("transparency")
        high = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
        if alpha == "drop" or key is None:
            return high
        seen = Image.fromarray(np.where(np.array(image) == key, 0, 255).astype(np.uint8))
    else:
        high = image.convert("L" if grey else "RGB") if image.mode != "LA" else image.getchannel("L")
        if alpha == "drop" or not image.has_transparency_data:
            return high
        seen = image.convert("RGBA").getchannel("A")
    ground = Image.new(high.mode, high.size, "white" if alpha == "white" else "black")
    ground.paste(high, mask=seen)
    return ground


def pixels_of(data, alpha, exif):
    image = Image.open(io.BytesIO(data))
    image.load()
    if exif == "apply":
        image = ImageOps.exif_transpose(image)
    out = np.array(laid_over(image, alpha))
    if data[:4] == b"\x89PNG" and data[25] == GREY_ALPHA:  # 16-bit ones are RGBA to Pillow
        out = out[..., 0] if out.ndim == 3 else out
    return out if out.ndim == 3 else out[..., None]


# Pillow compares a colour key with samples that it has brought to 8 bits: of 2, 4 and 16 bits it finds other ones.
def comparable(data, alpha):
    depth, color = data[24], data[25]
    png_key = data[:4] == b"\x89PNG" and b"tRNS" in data and (depth, color) in [(2, GREY), (4, GREY), (16, RGB)]
    return alpha == "drop" or not png_key


def picture(rng, large):
    height, width = (int(n) for n in rng.integers(1, 70 if large else 14, 2))
    exif = exif_block(int(rng.integers(1, 9)), rng.random() < 0.5, rng) if rng.random() < 0.5 else b""
    kind = int(rng.integers(10))
    if kind < 6:
        color = int(rng.choice(list(SAMPLES)))
        return png(rng, color, int(rng.choice(DEPTHS[color])), height, width, exif)
    return jpeg(rng, height, width, exif) if kind < 8 else webp(rng, height, width, exif)


def cases(count, seed, large):
    rng, made = np.random.default_rng(seed), 0
    while made < count:
        data, alpha, exif = picture(rng, large), str(rng.choice(ALPHAS)), str(rng.choice(EXIFS))
        if comparable(data, alpha):
            made += 1
            yield data, alpha, exif, pixels_of(data, alpha, exif)


def tolerance(data):
    return 0 if data[:4] == b"\x89PNG" or b"VP8L" in data[:64] else 1


def write(path, count, seed):
    with open(path, "wb") as f:
        for data, alpha, exif, pixels in cases(count, seed, False):
            f.write(struct.pack("<I", len(data)) + data + struct.pack(
                "<HHBBBB", *pixels.shape, ALPHAS.index(alpha), EXIFS.index(exif), tolerance(data)) + pixels.tobytes())


def write_photo(path):
    """A picture that is large enough to be decoded at 1/8 of its size, with edges."""
    y, x = np.mgrid[:48, :64]
    rings = 128 + 100 * np.sin(np.hypot(x - 20, y - 30) / 2)
    Image.fromarray(np.stack([rings, 4 * x, 255 - 5 * y], 2).astype(np.uint8)).save(path, quality=85)


def compare(program, count, seed):
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "picture"
        for i, (data, alpha, exif, pixels) in enumerate(cases(count, seed, True)):
            path.write_bytes(data)
            out = subprocess.run([program, path, str(ALPHAS.index(alpha)), str(EXIFS.index(exif))], capture_output=True)
            got = np.frombuffer(out.stdout[6:], np.uint8)
            same = out.returncode == 0 and struct.unpack("<HHH", out.stdout[:6]) == pixels.shape
            worst = int(np.abs(got.astype(int) - pixels.ravel()).max()) if same else 255
            if worst > tolerance(data):
                wrong += 1
                print(f"picture {i} ({data[:16]!r}, alpha {alpha}, exif {exif}): off by {worst} {out.stderr.decode()}")
    print(f"{count} pictures, {wrong} wrong (Pillow {PIL.__version__})")
    return wrong


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--write")
    p.add_argument("--photo")
    p.add_argument("--compare")
    p.add_argument("--count", type=int, default=90)
    p.add_argument("--seed", type=int, default=5)
    a = p.parse_args()
    if a.write:
        write(a.write, a.count, a.seed)
    if a.photo:
        write_photo(a.photo)
    if a.compare:
        sys.exit(1 if compare(a.compare, a.count, a.seed) else 0)
