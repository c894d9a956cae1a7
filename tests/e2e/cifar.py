"""CIFAR's binary version from `init` to predictions: parts, names of classes, folders by --data, samples left out, and what is wrong."""
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import check, compile_program, newest_run, run

ftmc = pathlib.Path(sys.argv[1]).resolve()
rng = np.random.default_rng(10)
TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 4, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny(classes = CLASSES)
    weights = random
    data {
        DATA
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    epochs    = 1
}
"""


def records(path, labels):
    """A record for each row of labels; pictures are as bright as their class, the last label, is high."""
    labels = np.asarray(labels, np.uint8).reshape(len(labels), -1)
    pixels = (labels[:, -1:].astype(int) * 20 + rng.integers(0, 40, (len(labels), 3072))) % 256
    path.write_bytes(np.concatenate([labels, pixels.astype(np.uint8)], 1).tobytes())


def write_ten(folder):
    folder.mkdir(parents=True)
    for i in range(1, 6):
        records(folder / f"data_batch_{i}.bin", np.arange(20) % 10)
    records(folder / "test_batch.bin", np.arange(30) % 10)
    (folder / "batches.meta.txt").write_text("\n".join(TEN) + "\n\n")


def program(work, name, data, classes=10):
    (work / f"{name}.ftm").write_text(RECIPE.replace("DATA", data).replace("CLASSES", str(classes)))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


def classes(p):
    return " ".join(run(p, "info").split())


def train(p, *options):
    work = p.parent / f"{p.name}_runs"
    return run(p, "train", "--runs", work, *options, notes=True), newest_run(work)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    write_ten(work / "cifar-10-batches-bin")

    # What init writes of the folder, or of the one that it is in.
    recipe = run(ftmc, "init", "--model", "mobilenet_v3_small", "--weights", "random", "--data", work, "-o", work / "all.ftm") and \
        (work / "all.ftm").read_text()
    check("airplane: 10, automobile: 10" in recipe and 'part = test)' in recipe, "init knows classes and both parts")
    check("# CIFAR-10's binary version" in recipe and "model   = mobilenet_v3_small(classes = 10" in recipe, "and says what it is")
    run(ftmc, "check", work / "all.ftm")

    ten = program(work, "ten", 'train = cifar10("cifar-10-batches-bin")\n        test = cifar10(".", part = test)\n        validation = 20%')
    check("classes 10: airplane automobile" in classes(ten), "names of classes are in the program")
    said, split = train(ten)
    lines = (split / "split.csv").read_text().splitlines()[1:]
    check(len(lines) == 100 and lines[-1].startswith("data_batch_5.bin:19,"),
          "samples are known by file and record")
    measured = json.loads(run(ten, "eval", "--json", "--runs", work / "ten_runs"))
    check(measured["samples"] == 30 and measured["split"] == "test", "eval measures the test part")

    # Elsewhere: the folder itself or the one around it, and a recipe that is moved by inheritance.
    shutil.copytree(work / "cifar-10-batches-bin", work / "other" / "cifar-10-batches-bin")
    for data in (work / "other", work / "other" / "cifar-10-batches-bin"):
        check(json.loads(run(ten, "eval", "--json", "--runs", work / "ten_runs", "--data", data))["samples"] == 30, "--data finds it")
    (work / "below").mkdir()
    (work / "below" / "deep.ftm").write_text('import "../ten.ftm"\nfinetune deep = pictures {\n    epochs = 2\n}\n')
    resolved = run(ftmc, "check", "--resolved", work / "below" / "deep.ftm")
    check('train = cifar10(root = "../cifar-10-batches-bin", part = "train")' in resolved, "paths follow the recipe")
    (work / "below" / "again.ftm").write_text(resolved)
    run(ftmc, "check", work / "below" / "again.ftm")

    # Classes left out, under another name, and beside a folder's.
    some = program(work, "some", 'train = cifar10("cifar-10-batches-bin")\n        validation = 20%\n        skip "[b-z]*"\n'
                   '        rename "automobile" to "car"', 2)
    check("classes 2: airplane car" in classes(some), "classes are left out and renamed")
    check(len((train(some)[1] / "split.csv").read_text().splitlines()) == 21, "and so are their records")
    run(ftmc, work / "some.ftm", "--emit=pytorch", "-o", work / "some.py")
    check("Cifar10(root=HERE / \"cifar-10-batches-bin\")" in (work / "some.py").read_text(), "PyTorch reads them, too")

    # CIFAR-100: two labels.
    (work / "cifar-100-binary").mkdir()
    for part, n in (("train", 200), ("test", 100)):
        records(work / "cifar-100-binary" / f"{part}.bin", [(i % 20, i % 100) for i in range(n)])
    (work / "cifar-100-binary" / "coarse_label_names.txt").write_text("".join(f"kind{i:02}\r\n" for i in range(20)))
    coarse = program(work, "coarse", 'train = cifar100(".", label = coarse)\n        test = cifar100(".", part = test, label = coarse)', 20)
    check("classes 20: kind00" in classes(coarse), "coarse labels have names")
    train(coarse)
    fine = program(work, "fine", 'train = cifar100(".")', 100)
    check("classes 100: 0 1 2" in classes(fine), "classes without names are numbers")

    # What is wrong.
    check("'part' of cifar10: expected \"train\" or \"test\", found \"valid\"" in
          run(ftmc, "check", work / "ten.ftm", "-D", 'data.test=cifar10(".", part = "valid")', code=1), "words are checked")
    data = work / "cifar-10-batches-bin" / "data_batch_3.bin"
    whole = data.read_bytes()
    for broken, words in ((whole[:3073 * 4 - 5], "data_batch_3.bin: ends with 3068 bytes that are no whole record of 3073"),
                          (whole[:3073] + b"\x0a" + whole[3074:], "data_batch_3.bin:1: label 10 is not a class; CIFAR-10 has 10 (0 to 9)"),
                          (b"", "data_batch_3.bin: is empty")):
        data.write_bytes(broken)
        check(words in run(ten, "train", code=1), words)
    data.unlink()
    check("data_batch_3.bin: No such file" in run(ten, "train", code=1), "a file that is missing is named")
    shutil.rmtree(work / "cifar-10-batches-bin")
    (work / "cifar-10-batches-py").mkdir()
    check("but the version for Python, which is pickled; the binary version is cifar-10-binary.tar.gz" in run(ftmc, "check", work / "all.ftm", code=1),
          "the wrong version is said")
