"""Damaged pictures of many kinds, made of whole ones: for the tests that give them to programs. Deterministic.

damaged(): (name, bytes, must) of each file. must: whether it is to be refused; what is damaged in other places may have pixels."""
import pathlib
import random
import struct
import zlib

from support import DATA, read_pictures

PNG, JPEG, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF"
HUGE = [(0, 5), (5, 0), (0, 0), (1 << 31, 1), (1, (1 << 31) - 1), ((1 << 31) - 1, 1), ((1 << 32) - 1, 8), (30000, 30000)]


# ---- PNG ----

def chunk(kind, data, crc=None, length=None):
    return struct.pack(">I", len(data) if length is None else length) + kind + data + struct.pack(">I", zlib.crc32(kind + data) if crc is None else crc)


def chunks(png):
    """[kind, data] of each chunk."""
    out, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at:at + 4])
        out.append([png[at + 4:at + 8], png[at + 8:at + 8 + length]])
        at += length + 12
    return out


def header(width=8, height=8, depth=8, color=2, compression=0, filters=0, interlace=0):
    return struct.pack(">IIBBBBB", width, height, depth, color, compression, filters, interlace)


def png(*parts, head=None, rows=None):
    """A picture of 8 x 8, with other parts between its header and its pixels."""
    rows = bytes([0, *range(24)]) * 8 if rows is None else rows
    return PNG + chunk(b"IHDR", head or header()) + b"".join(parts) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def exif(entries, order="<", directory=8, following=0):
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", directory, len(entries))
    return out + b"".join(struct.pack(order + "HHII", *e) for e in entries) + struct.pack(order + "I", following)


# Blocks that say little, or go round: whatever they say, the pixels are there.
EXIFS = {"short": exif([(0x112, 3, 1, 6)])[:13], "empty": b"", "unknown": b"XX*\0" + bytes(20), "zero": exif([(0x112, 3, 1, 0)]), "nine": exif([(0x112, 3, 1, 9)], ">"),
         "many": exif([(0x112, 3, 0xFFFFFFFF, 6)]), "loop": exif([(0x8769, 4, 1, 8)], following=8), "outside": exif([], directory=0xFFFFFFF0),
         "full": exif([(i, 3, 1, 1) for i in range(400)])[:-900]}


def png_files():
    palette = chunk(b"PLTE", bytes(range(12)))
    indexed = zlib.compress(bytes([0, *[3] * 8]) * 8)
    flat = zlib.compress(bytes([0, *range(24)]) * 8)
    for i, (width, height) in enumerate(HUGE):
        yield f"size{i}", png(head=header(width, height)), True
    for key, values in {"depth": (0, 3, 32), "color": (1, 5, 7), "compression": (1,), "filters": (1,), "interlace": (2, 255)}.items():
        for value in values:
            yield f"{key}{value}", png(head=header(**{key: value})), True
    yield "depth_of_colors", png(head=header(depth=4)), True
    yield "palette_missing", png(head=header(color=3), rows=bytes(72)), True
    yield "palette_odd", png(chunk(b"PLTE", bytes(13)), head=header(color=3), rows=bytes(72)), True
    yield "palette_empty", png(chunk(b"PLTE", b""), head=header(color=3), rows=bytes(72)), True
    yield "palette_outside", png(palette, head=header(color=3), rows=bytes([0, *[250] * 8]) * 8), False
    yield "palette_outside2", png(palette, head=header(color=3, depth=4), rows=bytes([0, *[0xFF] * 4]) * 8), False
    yield "alpha_long", png(palette, chunk(b"tRNS", bytes(300)), head=header(color=3), rows=zlib.decompress(indexed)), False
    yield "alpha_first", png(chunk(b"tRNS", bytes(2)), palette, head=header(color=3), rows=zlib.decompress(indexed)), False
    yield "alpha_twice", png(chunk(b"tRNS", bytes(6)), chunk(b"tRNS", bytes(5))), False
    yield "interlaced_rows", png(head=header(interlace=1)), False
    yield "rows_short", png(rows=bytes([0, *range(24)]) * 5), True
    yield "rows_long", png(rows=bytes([0, *range(24)]) * 80), False
    for kind in (5, 128, 255):
        yield f"row_filter{kind}", png(rows=bytes([0, *range(24)]) * 3 + bytes([kind, *range(24)]) * 5), True
    for name, data, must in (("head", b"\x00" + flat[1:], True), ("sum", flat[:-1] + b"\x01", False), ("middle", flat[:12] + b"\xff" * 8 + flat[20:], True), ("none", b"", True)):
        yield f"deflate_{name}", PNG + chunk(b"IHDR", header()) + chunk(b"IDAT", data) + chunk(b"IEND", b""), must
    for length in (0, 1 << 31, (1 << 32) - 1, (1 << 31) - 1, 100000):
        yield f"length{length}", PNG + chunk(b"IHDR", header()) + chunk(b"IDAT", flat, length=length) + chunk(b"IEND", b""), True
    for i, kind in enumerate((b"IHDR", b"PLTE", b"IDAT", b"tEXt")):
        parts = {b"IHDR": header(), b"PLTE": bytes(range(12)), b"IDAT": flat, b"tEXt": b"Title\0x"}
        yield f"sum_{kind.decode()}", PNG + b"".join(chunk(k, parts[k], crc=7 if k == kind else None) for k in (b"IHDR", b"tEXt", b"PLTE", b"IDAT")) + chunk(b"IEND", b""), \
            kind in (b"IHDR", b"IDAT")
    for kind in (b"XXXX", b"CgBI", b"IDAX"):
        yield f"critical_{kind.decode()}", png(chunk(kind, b"1234")), True
    yield "profile_cut", png(chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(500))[:8])), False
    yield "profile_bomb", png(chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(60_000_000))), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(60_000_000)))), False
    yield "twice_header", png(chunk(b"IHDR", header())), True
    yield "no_header", PNG + chunk(b"IDAT", flat) + chunk(b"IEND", b""), True
    yield "no_pixels", PNG + chunk(b"IHDR", header()) + chunk(b"IEND", b""), True
    yield "no_end", png()[:-12], False
    for name, block in EXIFS.items():
        yield f"exif_{name}", png(chunk(b"eXIf", block)), False
    yield "signature", PNG, True
    yield "text_mode", png().replace(b"\r\n", b"\n"), True


# ---- JPEG ----

def segments(jpeg):
    """[marker, data] of each segment, the last of them with all that follows its length."""
    out, at = [], 2
    while jpeg[at + 1] != 0xDA:
        (length,) = struct.unpack(">H", jpeg[at + 2:at + 4])
        out.append([jpeg[at + 1], jpeg[at + 4:at + 2 + length]])
        at += 2 + length
    return out, jpeg[at:]


def joined(parts, rest):
    return b"\xff\xd8" + b"".join(b"\xff" + bytes([m]) + struct.pack(">H", len(d) + 2) + d for m, d in parts) + rest


def is_frame(marker):
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def with_frame(jpeg, change):
    """With the frame's marker and data changed: precision, height, width, components of number, sampling and table."""
    parts, rest = segments(jpeg)
    return joined([change(m, bytearray(d)) if is_frame(m) else (m, d) for m, d in parts], rest)


def put(place, *values):
    return lambda m, d: (m, bytes(d[:place]) + bytes(values) + bytes(d[place + len(values):]))


def scan_bomb(jpeg):
    """A progressive file with 40000 scans of nothing."""
    parts, rest = segments(jpeg)
    table = (0xC4, bytes([0x10, 1, *[0] * 15, 0xE0]))  # one code, a run of 32768 blocks and more
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x01\x00\x7f\xff\x00\x7f"
    return joined([*parts, table], scan * 40000 + b"\xff\xd9") if any(m == 0xC2 for m, _ in parts) else None


def jpeg_files(whole, progressive):
    parts, rest = segments(whole)
    for i, (width, height) in enumerate([(0, 5), (5, 0), (65535, 65535), (65501, 1)]):
        yield f"size{i}", with_frame(whole, put(1, height >> 8, height & 255, width >> 8, width & 255)), True
    for n in (0, 2, 5, 255):
        yield f"components{n}", with_frame(whole, put(5, n)), True
    two = with_frame(whole, lambda m, d: (m, bytes(d[:5]) + b"\2" + bytes(d[6:12])))
    yield "two_components", two, True
    for bits in (0, 7, 12, 16):
        yield f"precision{bits}", with_frame(whole, put(0, bits)), True
    for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF):
        yield f"process{marker:x}", with_frame(whole, lambda m, d: (marker, bytes(d))), marker != 0xC3
    for marker in (0xC2, 0xC9, 0xCA):
        yield f"process{marker:x}", with_frame(whole, lambda m, d: (marker, bytes(d))), False
    for sampling in (0x00, 0x51, 0x15, 0xFF):
        yield f"sampling{sampling:x}", with_frame(whole, put(7, sampling)), True
    yield "quantization_missing", with_frame(whole, put(8, 3)), True
    yield "no_quantization", joined([p for p in parts if p[0] != 0xDB], rest), True
    yield "no_huffman", joined([p for p in parts if p[0] != 0xC4], rest), False
    yield "no_frame", joined([p for p in parts if not is_frame(p[0])], rest), True
    yield "two_frames", joined(parts + [p for p in parts if is_frame(p[0])], rest), True
    yield "huffman_counts", joined([(m, d[:1] + b"\xff" * 16 + d[17:]) if m == 0xC4 else (m, d) for m, d in parts], rest), True
    yield "huffman_lengths", joined([(m, d[:1] + b"\x09" + d[2:]) if m == 0xC4 else (m, d) for m, d in parts], rest), True
    for length in (0, 1, 65535):
        yield f"length{length}", b"\xff\xd8\xff\xe0" + struct.pack(">H", length) + whole[6:], length > 1
    yield "no_scan", joined(parts, b""), True
    yield "scan_ends", joined(parts, b"\xff\xd9"), True
    yield "scan_empty", joined(parts, rest[:14] + b"\xff\xd9"), False
    yield "no_end", whole[:-2], False
    yield "restarts", joined([*parts, (0xDD, b"\0\1")], rest), False
    yield "ends_in_noise", whole[:-2] + bytes(range(255)) * 3, False
    for name, block in EXIFS.items():
        yield f"exif_{name}", joined([(0xE1, b"Exif\0\0" + block), *parts], rest), False
    yield "exif_endless", b"\xff\xd8" + b"\xff\xe1\xff\xff" + b"Exif\0\0" + EXIFS["loop"], True
    yield "profile_cut", joined([(0xE2, b"ICC_PROFILE\0\2\5" + bytes(9)), *parts], rest), False
    yield "scans", scan_bomb(progressive), True


# ---- WebP ----

def riff(data, size=None):
    return b"RIFF" + struct.pack("<I", len(data) + 4 if size is None else size) + b"WEBP" + data


def webp_files(lossy, lossless, alpha):
    body = lossless[12:]
    for size in (0, 3, 0xFFFFFFFF):
        yield f"riff{size}", riff(body, size), size < 4
    for size in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE):
        yield f"chunk{size}", riff(body[:4] + struct.pack("<I", size) + body[8:]), size > 1
    yield "animated", riff(b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\7\0\0\7\0\0" + b"ANIM" + struct.pack("<I", 6) + bytes(6)), True
    yield "canvas", riff(b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xff\xff\xff" * 2 + body), True
    yield "canvas_other", riff(b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\x30\0\0" * 2 + body), True
    yield "empty_canvas", riff(b"VP8X" + struct.pack("<I", 10) + bytes(10)), True
    yield "signature", riff(body[:8] + b"\x2e" + body[9:]), True
    yield "lossy_start", riff(lossy[12:23] + b"\0\0\0" + lossy[26:]), True
    yield "lossy_zero", riff(lossy[12:26] + bytes(4) + lossy[30:]), True
    yield "alpha_gone", alpha.replace(b"ALPH", b"ALPX"), False
    yield "alpha_short", alpha[:alpha.index(b"ALPH") + 4] + b"\1\0\0\0" + alpha[alpha.index(b"ALPH") + 8:], False
    for name, block in EXIFS.items():
        data = body + b"EXIF" + struct.pack("<I", len(block)) + block
        yield f"exif_{name}", riff(b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + struct.pack("<I", 15)[:3] * 2 + data), False
    yield "empty", b"RIFF\4\0\0\0WEBP", True
    yield "sound", b"RIFF\4\0\0\0WAVE", True


# ---- all ----

def cut_and_flipped(rng):
    """Whole files of all kinds, cut, and with bits changed in their first bytes and anywhere."""
    for i, data in enumerate(read_pictures()[::4]):
        suffix = "png" if data.startswith(PNG) else "jpg" if data.startswith(JPEG) else "webp"
        for part in (1, 3, 6):
            yield f"cut{part}_{i}.{suffix}", data[:len(data) * part // 8], part < 4
        for k, most in enumerate((40, len(data))):
            out = bytearray(data)
            for _ in range(1 + k * 3):
                out[rng.randrange(min(most, len(data)))] ^= 1 << rng.randrange(8)
            yield f"flip{k}_{i}.{suffix}", bytes(out), False


def damaged():
    files = read_pictures()
    baseline = next(f for f in files if f.startswith(JPEG) and any(m == 0xC0 and d[5] == 3 for m, d in segments(f)[0]))
    progressive = next(f for f in files if f.startswith(JPEG) and any(m == 0xC2 and d[5] == 1 for m, d in segments(f)[0]))
    lossy, lossless, alpha = (next(f for f in files if f.startswith(WEBP) and kind in f) for kind in (b"WEBPVP8 ", b"WEBPVP8L", b"ALPH"))
    for suffix, made in (("png", png_files()), ("jpg", jpeg_files(baseline, progressive)), ("webp", webp_files(lossy, lossless, alpha))):
        for name, data, must in made:
            yield f"{suffix}_{name}.{suffix}", data, must
    yield from cut_and_flipped(random.Random(4))
    photo = (DATA / "photo.jpg").read_bytes()
    for name, data in {"empty.png": b"", "empty.jpg": b"", "byte.webp": b"R", "page.jpg": b"<html>404</html>", "zeros.png": bytes(5000), "other.png": b"GIF89a" + bytes(30),
                       "bitmap.jpg": b"BM" + bytes(80), "phone.jpg": b"\0\0\0\x18ftypheic" + bytes(30), "scan.png": b"II*\0" + bytes(30), "half.jpg": photo[:len(photo) // 2],
                       "marker.jpg": b"\xff\xd8\xff", "pointer.png": b"version https://git-lfs.github.com/spec/v1\n"}.items():
        yield name, data, True
