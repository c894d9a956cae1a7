"""`augment` draws what training sees: a row for each sample, a column for each epoch, the pictures themselves where nothing is random."""
import pathlib
import struct
import sys
import tempfile
import zlib

import numpy as np

from support import both, check, compile_program, run, write_png

ftmc = sys.argv[1]
GAP, SIZE, COLUMNS = 2, 8, 8
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}
finetune drawn {
    model   = tiny()
    weights = random
    data { train = folder("pictures") }
    transform eval  = to_rgb(), normalize(mean = 0.5, std = 0.25)
    TRAIN
    shuffle = false
}
"""


def read_rgb(path):
    """A PNG file of the kind that programs write: 8 bits, no interlacing. [height, width, 3]."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    check((depth, colour) == (8, 2), "the sheet is RGB of 8 bits")
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 3 * width)
    image = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        line, kind = rows[y, 1:].reshape(width, 3).astype(int), rows[y, 0]
        above = image[y - 1].astype(int) if y else np.zeros((width, 3), int)
        left, corner = np.zeros(3, int), np.zeros(3, int)
        for x in range(width):
            p = left + above[x] - corner
            distances = np.stack([abs(p - left), abs(p - above[x]), abs(p - corner)])
            paeth = np.where((distances[0] <= distances[1]) & (distances[0] <= distances[2]), left, np.where(distances[1] <= distances[2], above[x], corner))
            left = (line[x] + (0, left, above[x], (left + above[x]) // 2, paeth)[kind]) % 256
            image[y, x], corner = left, above[x]
    return image


def cell(image, row, column):
    at = lambda i: GAP + i * (SIZE + GAP)
    return image[at(row):at(row) + SIZE, at(column):at(column) + SIZE]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng, pictures = np.random.default_rng(4), []
    for i in range(12):
        place = work / "pictures" / "ab"[i // 6]
        place.mkdir(parents=True, exist_ok=True)
        pictures.append(rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8))
        write_png(place / f"{i:02d}.png", pictures[-1])

    def sheet(name, train, *options):
        (work / f"{name}.ftm").write_text(RECIPE.replace("TRAIN", train))
        program = compile_program(ftmc, work / f"{name}.ftm", work / name)
        run(program, "augment", "--out", work / f"{name}.png", *options)
        return program, read_rgb(work / f"{name}.png")

    program, still = sheet("still", "")
    check(still.shape == (GAP + 8 * (SIZE + GAP), GAP + COLUMNS * (SIZE + GAP), 3), "8 samples in 8 epochs")
    check(all(np.array_equal(cell(still, r, c), pictures[r]) for r in range(8) for c in range(COLUMNS)), "where nothing is random they are the pictures")
    before = (work / "still.png").read_bytes()
    said = both(program, "augment", code=2)[1]
    check("--out FILE.png" in said, "it asks where to")
    run(program, "augment", "--out", work / "no" / "such.png", code=1)

    random = "transform train = to_rgb(), random_rotation(90), color_jitter(0.5), normalize(mean = 0.5, std = 0.25)"
    program, drawn = sheet("random", random, "--count", 3)
    check(drawn.shape[0] == GAP + 3 * (SIZE + GAP) and len({cell(drawn, 0, c).tobytes() for c in range(COLUMNS)}) == COLUMNS, "3 samples, each epoch another")
    before = (work / "random.png").read_bytes()
    run(program, "augment", "--out", work / "random.png", "--count", 3)
    check((work / "random.png").read_bytes() == before, "the same each time")
    run(program, "augment", "--out", work / "random.png", "--count", 3, "--seed", 9)
    check((work / "random.png").read_bytes() != before, "another with another seed")
    _, mixed = sheet("mixed", "mix = cutmix()")
    known = {p.tobytes() for p in pictures}
    check(any(cell(mixed, r, c).tobytes() not in known for r in range(8) for c in range(COLUMNS)), "mixed pictures are drawn mixed")
