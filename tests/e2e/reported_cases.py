"""What people reported of other tools, in cases of our own: pixels that ancillary chunks change, runs of another decoding, numbers that
are not finite, one class, crops, normalisations, small shares, output that is lost, huge pictures, headers of arrays."""
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np

from damaged import PNG, chunk, header
from support import check, compile_program, newest_run, read_safetensors, run, told, write_png, write_safetensors

ftmc = sys.argv[1]
RECIPE = """model net(image: f32[CHANNELS, HEIGHT, WIDTH], classes = CLASSES) {
    output logits = BODY
}

finetune NAME {
    model   = net()
    weights = WEIGHTS
    SETTINGS
    data {
        DATA
    }
    transform eval = STEPS
    LOSS
    optimizer = sgd(lr = 0.1)
    epochs = 2
    batch  = 4
}
"""
DEFAULTS = {"CHANNELS": "1", "HEIGHT": "4", "WIDTH": "4", "CLASSES": "2", "BODY": "fc: linear(flatten(image), classes)", "WEIGHTS": "random", "SETTINGS": "",
            "DATA": "", "STEPS": "resize(4, 4), to_grey(), normalize(mean = 0.5, std = 0.5)", "LOSS": ""}
AS_THEY_ARE = "normalize(mean = 0, std = 1, scale = 1)"
rng = np.random.default_rng(1)


def write(name, **parts):
    text = RECIPE.replace("NAME", name)
    for key, value in {**DEFAULTS, **parts}.items():
        text = text.replace(key, str(value))
    (work / f"{name}.ftm").write_text(text)
    return work / f"{name}.ftm"


def program(name, **parts):
    return compile_program(ftmc, write(name, **parts), work / name)


def shower(name, height, width, steps, data=""):
    """A program whose outputs are the values of its input."""
    n = height * width
    write_safetensors(work / f"{name}.safetensors", {"fc.weight": np.eye(n, dtype=np.float32), "fc.bias": np.zeros(n, np.float32)})
    return program(name, HEIGHT=height, WIDTH=width, CLASSES=n, WEIGHTS=f'"{name}.safetensors"', STEPS=f"{steps}, to_grey(), {AS_THEY_ARE}", DATA=data)


def pictures(root, classes, count, shape=(4, 4)):
    for name in classes:
        (root / name).mkdir(parents=True)
        for i in range(count):
            write_png(root / name / f"{name}_{i}.png", rng.integers(0, 256, shape).astype(np.uint8))


# ---- pixels (libpng 515, keras 4486, ppsspp 16822) ----

def png(color, depth, rows, *parts):
    return PNG + chunk(b"IHDR", header(2, 2, depth, color)) + b"".join(parts) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def check_ancillary():
    built = shower("shows", 2, 2, "center_crop(2)")
    meaning = [chunk(b"gAMA", struct.pack(">I", 100000)), chunk(b"cHRM", struct.pack(">8I", *range(10000, 90000, 10000))), chunk(b"sRGB", b"\1"),
               chunk(b"cICP", bytes([9, 16, 0, 1])), chunk(b"pHYs", struct.pack(">IIB", 1, 9, 0)), chunk(b"tIME", bytes([7, 230, 1, 1, 1, 1, 1])),
               chunk(b"iCCP", b"linear\0\0" + zlib.compress(bytes(200))), chunk(b"mDCV", bytes(24))]
    narrow = {0: b"\3", 2: b"\3\4\5", 3: b"\5\5\5", 4: b"\2\2", 6: b"\3\3\3\3"}
    ground = {0: b"\0\xff", 2: b"\0\xff\0\0\0\xff", 3: b"\1", 4: b"\0\xff", 6: b"\0\xff\0\0\0\xff"}
    palette = chunk(b"PLTE", bytes([64, 64, 64, 200, 200, 200]))
    kinds = {"grey": (0, 8, [b"\x40\xc8"] * 2), "grey16": (0, 16, [b"\x40\x01\xc8\xfe"] * 2), "palette": (3, 8, [b"\0\1"] * 2), "pair": (4, 8, [b"\x40\0\xc8\x80"] * 2),
             "pair16": (4, 16, [b"\x40\1\0\0\xc8\1\x80\0"] * 2), "colors": (2, 8, [b"\x40" * 3 + b"\xc8" * 3] * 2), "colors16": (2, 16, [b"\x40\1" * 3 + b"\xc8\1" * 3] * 2),
             "alpha": (6, 8, [b"\x40\x40\x40\0\xc8\xc8\xc8\x80"] * 2)}
    for name, (color, depth, rows) in kinds.items():
        parts = [palette] if color == 3 else []
        (work / f"{name}_plain.png").write_bytes(png(color, depth, rows, *parts))
        (work / f"{name}_meant.png").write_bytes(png(color, depth, rows, *meaning, chunk(b"sBIT", narrow[color]), *parts, chunk(b"bKGD", ground[color])))
    run(built, "predict", "--logits", work / "seen.npy", *(work / f"{n}_{how}.png" for n in kinds for how in ("plain", "meant")))
    check(np.array_equal(np.load(work / "seen.npy"), [[64, 200, 64, 200]] * 16), "profiles, significant bits and backgrounds change no pixel of any kind")


# ---- crops (vision 5274, 3333) ----

def cropped(a, height, width):
    """torchvision's center_crop: a border around what is too small, then half of the rest, rounded to even."""
    up, left = max(height - a.shape[0], 0), max(width - a.shape[1], 0)
    a = np.pad(a, ((up // 2, (up + 1) // 2), (left // 2, (left + 1) // 2)))
    top, left = (int(round((n - m) / 2.0)) for n, m in zip(a.shape, (height, width)))
    return a[top:top + height, left:left + width]


def check_crops():
    built = shower("crops", 3, 6, "center_crop(3, 6)")
    sizes = [(h, w) for h in range(1, 9) for w in (1, 2, 4, 5, 7, 8, 9, 13, 17)]
    files = []
    for h, w in sizes:
        files.append(rng.integers(1, 256, (h, w)).astype(np.uint8))
        write_png(work / f"crop_{h}_{w}.png", files[-1])
    run(built, "predict", "--logits", work / "crops.npy", *(work / f"crop_{h}_{w}.png" for h, w in sizes))
    check(np.array_equal(np.load(work / "crops.npy"), [cropped(a, 3, 6).ravel() for a in files]), f"{len(sizes)} sizes are cropped and padded as torchvision does")


# ---- runs (keras 6075, darknet 583) ----

def check_runs():
    pictures(work / "seen", ("a", "b"), 4)
    built = program("decoded", DATA='train = folder("seen")')
    run(built, "train")
    best = newest_run(work / "runs") / "best.safetensors"
    for setting in ("alpha = white", "exif = ignore", "jpeg = fast"):
        other = program("decoded", DATA=f'train = folder("seen")\n        {setting}')
        code, _, said = told(other, "predict", work / "seen/a/a_0.png")
        check(code == 1 and "not trained yet" in said and "other transform eval" in said, f"{setting}: the run of other pixels is not taken")
        check(told(other, "eval", "--weights", best, "--split", "validation")[0] == 1, f"{setting}: nor its file")


# ---- numbers that are not finite (lightning 2636, ultralytics 19357, Cyrius 42, iperf 370) ----

def check_not_finite():
    x, y = rng.integers(0, 256, (12, 4, 4)).astype(np.uint8), rng.random((12, 2)).astype(np.float32)
    y[7, 1] = np.nan
    np.save(work / "x.npy", x)
    np.save(work / "y.npy", y)
    numbers = program("numbers", DATA='train = npy(images = "x.npy", labels = "y.npy", kind = vector)', LOSS="loss = mse()")
    code, _, said = told(numbers, "train")
    check(code == 1 and "y.npy" in said and ("label" in said or "sample 7" in said) and "lower the learning rate" not in said, "a label that is no number is the cause")
    y[7, 1] = 0
    np.save(work / "y.npy", (y > 0.5).astype(np.float32))
    several = program("several", DATA='train = npy(images = "x.npy", labels = "y.npy", kind = vector)\n        test = npy(images = "x.npy", labels = "y.npy", kind = vector)',
                      LOSS="loss = binary_cross_entropy_with_logits()")
    run(several, "train", "--out", work / "several.safetensors")
    weights = read_safetensors(work / "several.safetensors")
    weights["fc.bias"] = np.array([0, np.inf], np.float32)
    write_safetensors(work / "broken.safetensors", weights)
    code, out, _ = told(several, "predict", "--data", work / "x.npy", "--csv", "-", "--top", 2, "--weights", work / "broken.safetensors")
    check(code == 1 and out.splitlines()[1:] == [f"{i},,,," for i in range(12)], "of several labels none is made of an infinity")
    code, out, _ = told(several, "eval", "--json", "--weights", work / "broken.safetensors")
    result = json.loads(out, parse_constant=lambda c: sys.exit(f"{c} in JSON"))
    check(code == 1 and result["not_finite"] == 12 and result["loss"] is None, "and eval counts them")


def check_last_update():
    """Weights that are finite, and of no use, made by the only step, where nothing validates."""
    np.save(work / "u.npy", rng.integers(0, 256, (4, 4, 4)).astype(np.uint8))
    np.save(work / "v.npy", np.arange(4) % 2)
    built = program("once", BODY="fc: linear(flatten(relu(conv: conv2d(image, 4, kernel = 3))), classes)", DATA='train = npy(images = "u.npy", labels = "v.npy")')
    for rate in ("1e20", "1e25"):
        code, _, said = told(built, "train", "--steps", 1, "--lr", rate, "--runs", work / "once_runs")
        check(code == 1 and "not finite behind step 1" in said and "lower the learning rate" in said, f"--lr {rate}: the update of the last step is looked at")
        check(not (newest_run(work / "once_runs") / "best.safetensors").exists(), "and never the best")


# ---- one value per channel (pytorch 7716, fastai 1352) ----

def check_last_batch():
    norm = "fc: linear(flatten(bn: batch_norm(global_avg_pool(conv: conv2d(image, 4, kernel = 3)))), classes)"
    for count, way in ((5, "take `batch = 3`"), (13, "take `batch = 5`"), (1, "add images, or write `freeze statistics bn`")):
        np.save(work / "n.npy", rng.integers(0, 256, (count, 4, 4)).astype(np.uint8))
        np.save(work / "m.npy", np.arange(count) % 2)
        built = program(f"last{count}", BODY=norm, DATA='train = npy(images = "n.npy", labels = "m.npy")')
        said = run(built, "train", notes=True)
        check(f"has one image ({count} in batches of 4), and 'bn' then has one value per channel" in said and way in said, f"{count} in batches of 4: {way}")
    pictures(work / "rest", ("a", "b"), 3)
    (work / "rest/a/a_9.png").write_bytes(b"none")
    (work / "rest/b/b_0.png").unlink()
    built = program("left_over", BODY=norm, DATA='train = folder("rest")\n        on_error = skip')
    check("(5 in batches of 4)" in run(built, "train", notes=True), "also where pictures that cannot be read leave one")


# ---- one class (yolov3 191) ----

def check_one_class():
    pictures(work / "single", ("only",), 5)
    (work / "single.csv").write_text("path,label\n" + "".join(f"seen/{c}/{c}_{i}.png,{c}\n" for c in "ab" for i in range(4)))
    for name, data in (("single", 'train = folder("single")'), ("left", 'train = csv("single.csv")\n        skip "b"'), ("merged", 'train = folder("seen")\n        rename "b" to "a"')):
        said = run(ftmc, "check", write(name, DATA=data, CLASSES=1), code=1)
        check("E0620" in said, f"{name}: one class is nothing to learn")


# ---- normalisations (ResNet-pytorch 1, automl 872) ----

def check_normalisations():
    for name, train in (("deviation", "normalize(mean = 0.5, std = 0.25)"), ("scale", "normalize(mean = 0.5, std = 0.5, scale = 1)")):
        said = run(ftmc, "check", write(name, STEPS=f"{DEFAULTS['STEPS']}\n    transform train = resize(4, 4), to_grey(), {train}"), notes=True)
        check("warning" in said and "normalize" in said, f"another {name} in training is said")
    said = run(ftmc, "check", write("same", STEPS=f"{DEFAULTS['STEPS']}\n    transform train = random_horizontal_flip(), {DEFAULTS['STEPS']}"), notes=True)
    check("warning" not in said, "the same one is not")


# ---- small shares (fastai 2339, spark-nlp 13615) ----

def check_shares():
    pictures(work / "few", ("p", "q"), 10)
    burst = program("burst", DATA='train = folder("few")\n        validation = 20%\n        group = "{}_*"')
    said = run(burst, "train", notes=True)
    check("validation = 20% of 20 samples is none" in said, "two groups of ten have no 20 %: it is said")
    exact = program("exact", DATA='train = folder("few")\n        validation = 4%\n        split = exact')
    said = run(exact, "train", notes=True)
    check("training samples 18, validation samples 2" in said, "4 % of ten each is one of each")


# ---- output (FIRST-USE) ----

def check_output():
    built = work / "several"
    picture = work / "seen/a/a_0.png"
    for arguments in (["predict", picture], ["predict", "--json", picture, picture], ["predict", "--csv", "-", picture], ["eval"], ["info"], ["info", "--json"], ["runs"],
                      ["--help"], ["predict", "--help"], ["--version"], ["selftest"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([built, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
        check(done.returncode == 1 and "standard output could not be written" in done.stderr, f"{arguments[0]} on a full disk fails")
    for arguments in (["eval", "--logits", "/dev/full"], ["eval", "--logits", "nowhere/x.npy"], ["predict", picture, "--csv", "/dev/full"], ["predict", picture, "--logits", "/dev/full"]):
        code, out, said = told(built, *arguments)
        check(code == 1 and not out and arguments[-1] in said, f"{' '.join(map(str, arguments[-2:]))} is refused before anything is printed")


# ---- huge pictures (Depth-Anything-V2 256) ----

def check_huge():
    write_png(work / "seen/a/thin.png", np.zeros((1, 300000), np.uint8))
    steps = "to_grey(), normalize(mean = 0.5, std = 0.5)"
    for name, first in (("pads", "pad_square(), resize(4)"), ("blows", "resize(300), center_crop(4)"), ("kept", "resize(300), random_crop(4)")):
        train = f"resize(4, 4), {steps}\n    transform train = {first}, {steps}" if name == "kept" else f"{first}, {steps}"
        built = program(name, DATA='train = folder("seen")', STEPS=train)
        code, _, said = told(built, "train", "--runs", work / f"{name}_runs")
        check(code == 1 and "thin.png: the transforms of 300000 x 1 pixels would take" in said and "the limit is" in said and not (work / f"{name}_runs").exists(),
              f"{name}: the file and the limit are named before there is a run")
    built = program("skips", DATA='train = folder("seen")\n        on_error = skip', STEPS=f"pad_square(), resize(4), {steps}")
    code, _, said = told(built, "train", "--runs", work / "skips_runs")
    check(code == 0 and "1 of " in said and "pictures cannot be used and are left out" in said, "skip goes on without it")
    (work / "seen/a/thin.png").unlink()


# ---- headers of arrays (zarr 4381, npy-matlab 2, NPZ.jl 11) ----

def array_file(descr, shape, data, version=1, quote="'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".replace("'", quote).encode()
    size = 10 if version == 1 else 12
    text += b" " * (-(len(text) + size + 1) % 16) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def check_arrays():
    built = work / "shows"
    values = bytes(range(8))
    expected = np.frombuffer(values, np.uint8).reshape(2, 4)
    for name, file in (("order", array_file("'>u1'", "(2, 2, 2)", values)), ("long", array_file("'|u1'", "(2L, 2L, 2L,)", values)), ("version 2", array_file("'<u1'", "( 2, 2L, 2 )", values, 2))):
        (work / "a.npy").write_bytes(file)
        np.load(io.BytesIO(file.replace(b"2L", b"2 "))) # numpy 2 no longer knows L
        run(built, "predict", "--data", work / "a.npy", "--logits", work / "a_seen.npy")
        check(np.array_equal(np.load(work / "a_seen.npy"), expected), f"{name}: read as numpy does")
    np.savez(work / "b.npz", x=expected.reshape(2, 2, 2))
    run(built, "predict", "--data", work / "b.npz", "--logits", work / "b_seen.npy")
    check(np.array_equal(np.load(work / "b_seen.npy"), expected), "of an .npz with one array that is taken")
    (work / "a.npy").write_bytes(array_file("[('x', '|u1')]", "(8,)", values))
    code, _, said = told(built, "predict", "--data", work / "a.npy")
    check(code == 1 and "element type" in said, "a structure has no element type that is read")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder).resolve()
    check_ancillary()
    check_crops()
    check_runs()
    check_not_finite()
    check_last_update()
    check_last_batch()
    check_one_class()
    check_normalisations()
    check_shares()
    check_output()
    check_huge()
    check_arrays()
