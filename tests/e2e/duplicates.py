"""Pictures that look alike in training and in what is measured: training warns of them by name, and the command `duplicates` lists them."""
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import check, compile_program, run, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 4, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    data {
        DATA
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    epochs = 1
}
"""


def photo(i, height=60, width=80, mirrored=False, light=0):
    """A picture of soft blobs, another for each number, of any size."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:height, :width]
    y, x = (y + 0.5) / height, (x + 0.5) / width
    x = 1 - x if mirrored else x
    v = np.full((height, width, 3), 90.0) + light
    for _ in range(8):
        at, size, colour = rng.random(2), 0.05 + 0.2 * rng.random(), rng.random(3) * 150 - 60
        v += np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / size ** 2)[..., None] * colour
    return v.clip(0, 255).astype(np.uint8)


def program(work, name, data):
    (work / f"{name}.ftm").write_text(RECIPE.replace("DATA", data))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for part in ("train", "test"):
        for c in ("cat", "dog"):
            (work / part / c).mkdir(parents=True)
    for i in range(20):
        write_png(work / "train" / ("cat", "dog")[i % 2] / f"{i:02}.png", photo(i))
        write_png(work / "test" / ("cat", "dog")[i % 2] / f"{i:02}.png", photo(1000 + i))
    both = program(work, "both", 'train = folder("train")\n        test = folder("test")')
    said = run(both, "train", "--runs", work / "runs", notes=True)
    check("look like" not in said, "different pictures are not alike")
    check(run(both, "duplicates").count(": 0 of ") == 1, "nothing is listed of them")

    write_png(work / "test" / "cat" / "copy.png", photo(4, 33, 44))
    write_png(work / "test" / "dog" / "mirror.png", photo(7, 60, 80, True, 12))
    (work / "test" / "dog" / "same.png").write_bytes((work / "train" / "dog" / "09.png").read_bytes())
    said = run(both, "train", "--runs", work / "runs", notes=True)
    near = [line for line in said.splitlines() if "look like one that trains" in line]
    listed = run(both, "duplicates", "--threads", 2)
    check(len(near) == 1 and "warning: 2 of 23 samples of `test` look like" in near[0], "training says how many, equal ones aside")
    check(re.search(r"cat/copy\.png, which is like \S+train/cat/04\.png: ", near[0]) is not None, "and names two")
    check("test: 3 of 23 look like one of 20 that train" in listed, "the command lists all")
    check(re.search(r"^(?:0\.99\d+|1\.0000)  \S+/copy\.png  \S+/04\.png$", listed, re.M) is not None, "a copy of another size")
    check(re.search(r"^1\.0000  \S+/same\.png  \S+/09\.png$", listed, re.M) is not None, "an equal one")
    check(re.search(r"/mirror\.png  \S+/07\.png  mirrored$", listed, re.M) is not None, "a mirror image that is lighter")
    check(listed == run(both, "duplicates", "--threads", 1), "the same for any number of threads")

    # Within the pictures of a split.
    for i in range(20):
        write_png(work / "train" / ("cat", "dog")[i % 2] / f"again{i:02}.png", photo(i, 90, 120, i % 3 == 0))
    split = program(work, "split", 'train = folder("train")\n        validation = 30%')
    said = run(split, "train", "--runs", work / "runs2", notes=True)
    check("samples of `validation` look like one that trains" in said, "a split of its own pictures is looked at, too")
    np.save(work / "x.npy", np.random.default_rng(1).random((20, 3, 8, 8), np.float32))
    np.save(work / "y.npy", np.arange(20) % 2)
    check("holds no pictures" in run(program(work, "arrays", 'train = npy("x.npy", "y.npy")\n        validation = 50%'), "duplicates", code=1), "inputs have no looks")
    check("nothing but what trains" in run(program(work, "alone", 'train = folder("train")'), "duplicates", code=1), "nor is there anything to compare")
