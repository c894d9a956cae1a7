"""Pictures as people keep them: tables, lists, several folders, folders of parts, classes renamed and left out, names that nearly
agree; and what is broken, all named at once."""
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import DATA, ROOT, check, compile_program, newest_run, run, spoil_png, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    SETTINGS
    data {
        DATA
    }
    transform eval  = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05)
    epochs = 1
}
"""
rng = np.random.default_rng(3)


def add(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))


def program(work, name, data, settings=""):
    (work / f"{name}.ftm").write_text(RECIPE.replace("DATA", data).replace("SETTINGS", settings))
    return compile_program(ftmc, work / f"{name}.ftm", work / name)


def train(p, *options):
    """What training says, and the samples of split.csv."""
    work = p.parent / f"{p.name}_runs"
    said = run(p, "train", "--runs", work, *options, notes=True)
    split = newest_run(work) / "split.csv"
    return said, [l.rsplit(",", 1)[0] for l in split.read_text().splitlines()[1:]] if split.exists() else []


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for c in ("cat", "dog", "kitten", "trash"):
        for i in range(6):
            add(work / "photos" / c / f"s{i // 2}_{i}.png")

    # Classes renamed and left out; two folders; names of classes from a file.
    both = program(work, "both", 'train = folder("photos", exclude = "s2_*") + folder("more")\n        validation = 50%\n        group = "{}_*"\n'
                   '        rename "kitten" to "cat"\n        skip "tr*"', 'labels = "names.txt"') if (work / "names.txt").write_text("dog\n cat \n\n") and \
        add(work / "more" / "dog" / "s9_1.png") is None else None
    check("dog cat" in run(both, "info"), "names of classes are the lines of a file")
    said, samples = train(both)
    check(len(samples) == 13 and "photos/kitten/s0_0.png" in samples and "more/dog/s9_1.png" in samples, "two folders are one source")
    check("trash" not in str(samples) and "s2_" not in str(samples), "what is left out is not there")
    rows = [l.split(",") for l in (newest_run(work / "both_runs") / "split.csv").read_text().splitlines()[1:]]
    sides = {}
    for name, part in rows:
        sides.setdefault(name.rsplit("/", 1)[1].split("_")[0], set()).add(part)
    check(all(len(s) == 1 for s in sides.values()), "a group is on one side")

    # The same pictures by a table and by a list.
    names = [f"photos/{c}/s{i // 2}_{i}.png" for c in ("dog", "cat") for i in range(6)]
    (work / "table.csv").write_text("who,file,class\r\n" + "".join(f'{n[-7:-4]},"{n}",{n.split("/")[1]}\r\n' for n in names))
    (work / "list.txt").write_text("".join(f"{n} {n.split('/')[1]}\n" for n in names))
    table = program(work, "table", 'train = csv("table.csv", path = "file", label = "class", group = "who")\n        validation = 30%')
    listed = program(work, "listed", 'train = list("list.txt")\n        validation = 30%')
    check(train(table)[1] == names and train(listed)[1] == names, "tables and lists are in the order of their lines")
    check("cat dog" in run(table, "info") and "cat dog" in run(listed, "info"), "their classes have names")
    (work / "table.csv").write_text("file,class\nphotos/cat/s0_0.png,Cat\nphotos/dog/s0_0.png,d\u00f3g\n")
    table = program(work, "table", 'train = csv("table.csv", path = "file", label = "class")', 'labels = ["cat", "dog"]')
    said = run(table, "train", code=1)
    check("the program has no class 'Cat', 'd\u00f3g'; it has 2: 'cat', 'dog'" in said, "both sides are shown")
    check("'Cat' and the program's 'cat' differ in case or accents only" in said and "'d\u00f3g' and the program's 'dog' differ" in said,
          "names that nearly agree are said")

    # Folders of parts, in the recipe and below --data.
    for part, n in (("train", 6), ("valid", 3), ("test", 2)):
        for c in ("cat", "dog"):
            for i in range(n):
                add(work / "parts" / part / c / f"{i}.png")
    parts = program(work, "parts_program", 'train = folder("parts")')
    said, _ = train(parts)
    check("training samples 12, validation samples 6" in said, "train/ trains and valid/ validates")
    check(json.loads(run(parts, "eval", "--json", "--runs", work / "parts_program_runs"))["samples"] == 4, "test/ is for eval")
    shutil.copytree(work / "parts", work / "elsewhere")
    (work / "elsewhere" / "valid").rename(work / "elsewhere" / "Validate")
    (work / "elsewhere" / "__MACOSX" / "cat").mkdir(parents=True)
    said, _ = train(parts, "--data", work / "elsewhere")
    check("training samples 12, validation samples 6" in said, "so they do below --data, by other names too")
    check("of one class" not in said, "as many of each class are no fault")

    # eval measures the share that validated; of other data all.
    shutil.copytree(work / "parts" / "train", work / "pile")
    share = program(work, "share_program", 'train = folder("pile")\n        validation = 25%')
    train(share)
    own, other = (json.loads(run(share, "eval", "--json", "--runs", work / "share_program_runs", *data))
                  for data in ((), ("--data", work / "parts" / "test")))
    check(own["split"] == "validation" and own["epoch_chosen_on_it"] and own["samples"] < 12, "the share of the run's own data")
    check(other["split"] == "all" and not other["epoch_chosen_on_it"] and other["samples"] == 4, "all of other data")

    # What must go wrong is said.
    for i in range(25):
        add(work / "odd" / "dog" / f"{i}.png")
    add(work / "odd" / "cat" / "1.png")
    shutil.copy(work / "odd" / "cat" / "1.png", work / "odd" / "dog" / "the same.png")
    odd = program(work, "odd_program", 'train = folder("odd")')
    said, _ = train(odd)
    check("classes cat 1, dog 26" in said, "classes and their samples are told")
    check("'dog' has 26 training samples and 'cat' 1: rare classes are learnt badly" in said, "classes far apart are said")
    check("1 equal samples are in different classes: " in said and "the same.png are they" in said, "so is a picture in two classes")
    shutil.rmtree(work / "odd" / "cat")
    said, _ = train(odd)
    check("no sample trains 'cat'" in said and "all samples are of one class, 'dog'" in said, "and a class without samples")
    for c in ("cat", "Cat"):
        add(work / "alike" / c / "1.png")
    said, _ = train(program(work, "alike_program", 'train = folder("alike")'))
    check("'Cat' and 'cat' are two classes; if they are one, write rename \"Cat\" to \"cat\" in `data`" in said, "names alike are said")
    np.save(work / "x.npy", np.full((4, 3, 8, 8), 255, np.float32))
    np.save(work / "y.npy", np.arange(4) % 2)
    floats = program(work, "floats", 'train = npy("x.npy", "y.npy")')
    said, _ = train(floats)
    check("these go up to 255: save pixels as uint8" in said, "float pictures of 0 to 255 are said")

    # What is broken.
    broken = work / "photos" / "cat"
    (broken / "s0_0.png").write_bytes(b"")
    (broken / "s0_1.png").write_bytes(b"no picture")
    (broken / "s1_2.png").write_bytes((broken / "s1_2.png").read_bytes()[:16] + b"\0\1\0\0\0\1\0\0" + (broken / "s1_2.png").read_bytes()[24:])
    stop = program(work, "stop", 'train = folder("photos")\n        rename "kitten" to "cat"\n        skip "trash"')
    said = run(stop, "train", code=1)
    check("s0_0.png: is empty" in said and "s0_1.png: not a picture" in said and "s1_2.png: 65536 x 65536 pixels; the limit" in said,
          "all that cannot be read is named")
    check("photos: 3 of 18 pictures cannot be used; mend or remove them, or go on without: `on_error = skip`" in said, "with the way out")
    spoil_png(broken / "s1_3.png")
    skip = program(work, "skip", 'train = folder("photos")\n        rename "kitten" to "cat"\n        skip "trash"\n        on_error = skip')
    said, _ = train(skip)
    check("training samples 15" in said and "3 of 18 pictures cannot be used and are left out" in said, "skip goes on without them")
    check("s1_3.png: cannot be read as PNG" in said and "s2_4.png is taken in its place" in said, "what is damaged inside has a stand-in")

    # Files that are cut short are found before there is a run; what another program has added behind a picture is no fault.
    photo, drawing = (DATA / "photo.jpg").read_bytes(), (ROOT / "tests/fuzz/corpus/picture/webp_vp8l").read_bytes()[1:]
    (broken / "s0_0.png").write_bytes((broken / "s2_4.png").read_bytes()[:-12])
    (broken / "s0_1.jpg").write_bytes(photo[:len(photo) // 2])
    (broken / "s1_2.webp").write_bytes(drawing[:-7])
    (broken / "s1_3.jpg").write_bytes(photo + bytes(9000))
    (broken / "s1_4.webp").write_bytes(drawing)
    for name in ("s0_1", "s1_2", "s1_3"):
        (broken / f"{name}.png").unlink()
    said = run(stop, "train", "--runs", work / "cut_runs", code=1)
    for name in ("s0_1.jpg: cannot be read as JPEG: the file ends too early", "s1_2.webp: cannot be read as WebP: the file ends too early"):
        check(name in said, f"{name}, it is said")
    check("2 of 19 pictures cannot be used" in said and not (work / "cut_runs").exists(), "before there is a run, and whole ones are not")
