"""What is said of pictures before training: few of a class, bursts on both sides of a split, thin ones that are stretched, the same ones
in training and in what is measured. And what is no fault is not said."""
import pathlib
import re
import shutil
import sys
import tempfile

import numpy as np

from support import check, compile_program, run, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny(classes = classes)
    weights = random
    labels  = ["bird", "cat", "dog"]
    data {
        train      = folder("photos")
        validation = VALIDATION
        test       = folder("test")
    }
    transform eval  = TRANSFORM, to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    epochs = 1
}
"""
rng = np.random.default_rng(5)


def add(path, height=8, width=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, rng.integers(0, 256, (height, width, 3)).astype(np.uint8))


def program(name, validation="25%", transform="resize(8, 8)"):
    recipe = work / f"{name}.ftm"
    recipe.write_text(RECIPE.replace("VALIDATION", validation).replace("TRANSFORM", transform))
    return compile_program(ftmc, recipe, work / f"{name}.program")


def said(p, data):
    return run(p, "train", "--data", data, "--runs", work / "runs", notes=True)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    plain, padded = program("plain"), program("padded", transform="pad_square(), resize(8)")
    grouped, share = program("grouped", '25%\n        group = "{}??.png"'), program("share", "1%")
    for c in ("bird", "cat", "dog"):
        for i in range(40):
            add(work / "fine" / "photos" / c / f"IMG_{i:04}.png", 8, 8 + i % 3 * 8)
    for c in ("bird", "cat", "dog"):
        add(work / "fine" / "test" / c / "1.png")
    text = said(plain, work / "fine")
    check("warning" not in text and "validation = " not in text, "nothing is wrong with numbered pictures of several shapes")
    text = said(share, work / "fine")
    check("photos: validation = 1% is 3 of 120 samples, 2 %: nothing would validate 3 of 3 classes, and each got a sample" in text
          or "nothing would validate 2 of 3 classes, and each got a sample" in text, "a share that is exceeded is said")
    check("few samples of 'bird' (39 train, 1 validates), 'cat' (39 train, 1 validates), 'dog' (39 train, 1 validates)" in text, "so is that one picture validates")

    # Few.
    shutil.copytree(work / "fine", work / "few")
    for i in range(3, 40):
        (work / "few" / "photos" / "bird" / f"IMG_{i:04}.png").unlink()
    text = said(plain, work / "few")
    check("few samples of 'bird' (1 trains, 2 validate): what is learnt of them" in text, "a class of three is said")
    most = program("most", "90%")
    text = said(most, work / "few")
    check(re.search(r"few samples of 'bird' \(\d trains?, \d validates?\), 'cat' \(\d trains?, \d+ validate\)", text),
          "classes of which few samples train are said, however many validate")

    # A share that is not the one asked for has its whole reason.
    shutil.copytree(work / "fine", work / "scarce")
    for c in ("bird", "cat", "dog"):
        for i in range(4, 40):
            (work / "scarce" / "photos" / c / f"IMG_{i:04}.png").unlink()
    reasons = {}
    for percent in (10, 20, 30):
        text = said(program(f"scarce{percent}", f"{percent}%"), work / "scarce")
        reasons[percent] = re.findall(rf"validation = {percent}% is .*", text)
    check("3 of 12 samples, 25 %: 1, 8 %, were drawn; nothing would validate 2 of 3 classes, and each got a sample" in reasons[10][0], "what was drawn, and what was added")
    check("5 of 12 samples, 42 %: each sample is drawn by itself" in reasons[20][0] and "nothing would" not in reasons[20][0], "a draw that is far from the share")
    check(not reasons[30], "and none that is near")

    # A burst.
    shutil.copytree(work / "fine", work / "burst")
    for i in range(40):
        add(work / "burst" / "photos" / "cat" / f"IMG_20240101_1200{i:02}.png")
    text = said(plain, work / "burst")
    check("photos: 40 pictures are of 1 series that were taken within seconds" in text and "`group = \"{}??.png\"` in `data`" in text, "a burst on both sides is said")
    check("series" not in said(grouped, work / "burst"), "and what is advised mends it")

    # Thin pictures.
    shutil.copytree(work / "fine", work / "thin")
    add(work / "thin" / "photos" / "dog" / "thin.png", 400, 1)
    text = said(plain, work / "thin")
    check("1 of 121 pictures are far longer or higher than most, and the transform stretches them to 8 x 8: " in text and "thin.png is 1 x 400" in text,
          "a thin picture is said")
    check("stretches" not in said(padded, work / "thin"), "where it is stretched")

    # The same pictures in training and in what is measured.
    shutil.copytree(work / "fine", work / "same")
    for i in range(8):
        shutil.copy(work / "same" / "photos" / "dog" / f"IMG_{i:04}.png", work / "same" / "test" / "dog" / f"copy{i}.png")
    text = said(plain, work / "same")
    check("8 of 11 samples of `test` are in `train`, too, as " in text and "copy0.png, which is " in text and "IMG_0000.png: what is measured" in text,
          "pictures that train and are measured are said")
    own = program("own", 'folder("photos")')
    check("120 of 120 samples of `validation` are in `train`, too" in said(own, work / "fine"), "so are those that validate")
    (work / "same" / "test" / "dog").rename(work / "same" / "test" / "wolf")
    text = said(plain, work / "same")
    check("warning: `eval` could not measure `test`:" in text and "the program has no class 'wolf'" in text, "a test that cannot be measured is said before training")
