"""NumPy arrays of one file from `init` to predictions: stored and packed, every type, what is missing, and files that are not what they say."""
import io
import json
import pathlib
import sys
import tempfile
import warnings
import zipfile

import numpy as np

from support import check, compile_program, newest_run, run

ftmc = pathlib.Path(sys.argv[1]).resolve()
rng = np.random.default_rng(20)
RECIPE = """model tiny(image: f32[1, 8, 8], classes = 3) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 4, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    classes = 3
    data {
        DATA
    }
    transform eval = resize(8, 8), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    epochs    = 2
}
"""
warnings.filterwarnings("ignore", "Duplicate name")
N = 40
images = rng.integers(0, 256, (N, 10, 12), np.uint8)
labels = np.arange(N) % 3
BOTH = 'train = npz("data.npz", images = "x_train", labels = "y_train")\n        test = npz("data.npz", images = "x_test", labels = "y_test")\n        '


def program(work, name, data):
    (work / f"{name}.ftm").write_text(RECIPE.replace("DATA", data))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


def losses(p, *options):
    runs = p.parent / f"{p.name}_runs"
    run(p, "train", "--runs", runs, *options)
    return [line.rsplit(",", 1)[0] for line in (newest_run(runs) / "metrics.csv").read_text().splitlines()]  # without seconds


def write(work, save=np.savez, **changed):
    arrays = {"x_train": images, "y_train": labels, "x_test": images[:9], "y_test": labels[:9]} | changed
    save(work / "data.npz", **{k: v for k, v in arrays.items() if v is not None})


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    write(work)
    np.save(work / "x.npy", images)
    np.save(work / "y.npy", labels)
    from_npz = program(work, "from_npz", BOTH + "validation = 20%")
    from_npy = program(work, "from_npy", 'train = npy("x.npy", "y.npy")\n        validation = 20%')
    want = losses(from_npy)
    check(losses(from_npz) == want, "they are the arrays of .npy files")
    write(work, np.savez_compressed)
    check(losses(from_npz) == want, "packed ones, too")
    for kind in ("u1", "i1", "i2", "u2", "i4", "u4", "u8"):
        write(work, y_train=labels.astype(kind))
        run(from_npz, "train", "--runs", work / "kinds", "--steps", 1)
    check(True, "labels are of any integers")
    write(work, y_train=labels[:, None].astype(np.uint8))
    check(losses(from_npz) == want, "and [N, 1], as MedMNIST has them")
    split = newest_run(work / "from_npz_runs") / "split.csv"
    measured = json.loads(run(from_npz, "eval", "--json", "--runs", work / "from_npz_runs"))
    check(split.exists() and measured["samples"] == 9 and measured["split"] == "test", "eval measures its test part")
    (work / "elsewhere").mkdir()
    (work / "data.npz").rename(work / "elsewhere" / "data.npz")
    check(json.loads(run(from_npz, "eval", "--json", "--runs", work / "from_npz_runs", "--data", work / "elsewhere"))["samples"] == 9, "--data finds it")

    # Predictions of an array of a file, by its name where there are several.
    np.savez(work / "one.npz", some=images[:5])
    use = ("--runs", work / "from_npz_runs")
    run(from_npz, "predict", *use, "--data", work / "one.npz", "--logits", work / "one.npy")
    run(from_npz, "predict", *use, "--data", f"{work / 'elsewhere' / 'data.npz'}:x_train", "--logits", work / "all.npy")
    check(np.array_equal(np.load(work / "one.npy"), np.load(work / "all.npy")[:5]), "predict takes an array of a file")
    said = run(from_npz, "predict", *use, "--data", work / "elsewhere" / "data.npz", code=1)
    check("has 4 arrays, x_train uint8 [40, 10, 12], y_train uint8 [40, 1]," in said and "as in" in said, "and says which there are")

    # What init makes of it: of the file, and of the folder that it is in.
    (work / "digits").mkdir()
    write(work / "digits")
    for data, recipe in ((work / "digits", "folder.ftm"), (work / "digits" / "data.npz", "file.ftm")):
        run(ftmc, "init", "--model", "mobilenet_v3_small", "--weights", "random", "--data", data, "-o", work / recipe)
        text = (work / recipe).read_text()
        check('images = "x_train", labels = "y_train")' in text and 'images = "x_test"' in text and "0: 14, 1: 13, 2: 13" in text, "init knows parts and classes")
        run(ftmc, "check", work / recipe)
    np.savez(work / "medmnist.npz", train_images=images, train_labels=labels[:, None], val_images=images, val_labels=labels[:, None])
    text = run(ftmc, "init", "--model", "mobilenet_v3_small", "--weights", "random", "--data", "medmnist.npz", cwd=work) and (work / "medmnist.ftm").read_text()
    check('validation = npz("medmnist.npz", images = "val_images", labels = "val_labels")' in text, "also by other names")
    for arrays, words in (({"a": images}, "has a uint8 [40, 10, 12]; those that train are looked for as x_train"),
                          ({"x_train": images.astype(np.float32), "y_train": labels}, "x_train float32 [40, 10, 12], expected pictures"),
                          ({"x_train": images, "y_train": labels - 1}, "y_train int64 [40], expected classes from 0"),
                          ({"x_train": images, "y_train": labels.astype(np.float32)}, "y_train float32 [40], expected a class for each picture")):
        np.savez(work / "odd.npz", **arrays)
        check(words in run(ftmc, "init", "--model", "mobilenet_v3_small", "--weights", "random", "--data", "odd.npz", "-o", work / "odd.ftm", code=1, cwd=work), words)

    # The recipe's other ways.
    write(work)
    resolved = run(ftmc, "check", "--resolved", work / "from_npz.ftm")
    check('train = npz(file = "data.npz", images = "x_train", labels = "y_train", kind = index)' in resolved, "resolved prints it")
    (work / "again.ftm").write_text(resolved)
    check(run(ftmc, "check", "--resolved", work / "again.ftm") == resolved, "which reads back")
    run(ftmc, work / "from_npz.ftm", "--emit=pytorch", "-o", work / "t.py")
    check('Npz(file=HERE / "data.npz", images="x_train", labels="y_train")' in (work / "t.py").read_text(), "PyTorch reads it, too")

    check("warning" not in run(ftmc, "check", work / "from_npz.ftm", notes=True), "check finds the arrays")
    said = run(ftmc, "check", work / "from_npz.ftm", "-D", 'data.test=npz("data.npz", images = "x", labels = "y_test")', notes=True)
    check("warning[W0633]: the data of `test` is not there: " in said and "data.npz:x: no array has this name; there are x_train" in said,
          "or says that one is missing")

    # What is wrong.
    whole = (work / "data.npz").read_bytes()

    def refused(words):
        said = run(from_npz, "train", "--runs", work / "none", code=1)
        check(words in said, words) if words in said else sys.exit(f"{words}\n{said}")

    write(work, x_train=None)
    refused("data.npz:x_train: no array has this name; there are y_train int64 [40], x_test uint8")
    write(work, x_train=np.asfortranarray(images))
    refused("data.npz:x_train: a Fortran-ordered array; save it with numpy.ascontiguousarray")
    write(work, x_train=np.array([{}], object))
    refused("element type '|O' is not read")
    write(work, y_train=labels + 1)
    refused("data.npz:y_train: label 3 of image 2 is not a class")
    write(work, y_train=labels[1:])
    refused("39 labels for 40 images")
    (work / "data.npz").write_bytes(whole[:-30])
    refused("data.npz: not a zip archive, or one that is cut")
    at = whole.index(images.tobytes()[:100])
    (work / "data.npz").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
    refused("its checksum is wrong")
    for names, words in ((("x_train.npy", "x_train.npy"), "data.npz: it has two arrays of one name"), (("a.txt",), "data.npz: it has no arrays")):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as z:
            for name in names:
                z.writestr(name, (work / "x.npy").read_bytes())
        (work / "data.npz").write_bytes(packed.getvalue())
        refused(words)
    (work / "data.npz").write_bytes((work / "x.npy").read_bytes())
    refused("data.npz: not a zip archive, or one that is cut")
    (work / "x.npy").write_bytes(whole)
    check("x.npy: an .npz archive: its arrays are read by npz(file" in run(from_npy, "train", code=1), "npy() names npz()")

    # A member that claims to unfold to far more than it does, and one that does, of zeros.
    bomb = bytearray(whole)
    entry = bomb.rindex(b"PK\1\2", 0, bomb.index(b"x_train.npy", bomb.index(b"PK\1\2")))
    bomb[entry + 24:entry + 28] = bomb[entry + 20:entry + 24] = (2**31).to_bytes(4, "little")
    (work / "data.npz").write_bytes(bomb)
    refused("damaged zip archive")
    write(work, np.savez_compressed, x_train=np.zeros((4, 3000, 3000), np.uint8), y_train=labels[:4])
    run(from_npz, "train", "--runs", work / "zeros")
    check(True, "zeros unfold")
