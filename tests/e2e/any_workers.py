"""Training, evaluation and prediction on pictures leave the same bits for any number of workers and threads, whatever is kept in
memory, and where a killed run is taken up with others."""
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, kill_at, log_lines, newest_run, read_pictures, run, same_run, write_png

ftmc = sys.argv[1]
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}

finetune pictures {
    model   = tiny()
    weights = random
    data {
        train = folder("pictures")
        validation = 25%
        jpeg  = JPEG
        alpha = white
    }
    transform eval  = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    transform train = resize(8, 10), random_crop(8), random_horizontal_flip(), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    schedule  = constant()
    epochs = 4
    batch  = 7
}
"""
TRAIN_TRANSFORM = next(line for line in RECIPE.splitlines() if line.startswith("    transform train"))
SMALL = 5000  # bytes: for some of the pictures


def add_pictures(root):
    """Two classes of PNG, JPEG and WebP pictures of many sizes and kinds, of which one is large enough for decoding at a reduced scale."""
    rng = np.random.default_rng(6)
    files = [f for f in read_pictures() if not f.startswith(b"\x89PNG")]
    for name, base in (("bright", 120), ("dark", 0)):
        (root / name).mkdir(parents=True)
        for i in range(14):
            write_png(root / name / f"{i}.png", (rng.integers(0, 130, (9 + i, 8 + i % 5, 3)) + base).astype(np.uint8))
        for i, data in enumerate(files[name == "dark"::2]):
            (root / name / f"{i}.{'webp' if data.startswith(b'RIFF') else 'jpg'}").write_bytes(data)
        shutil.copy(DATA / "photo.jpg", root / name / "photo.jpg")
        (root / name / "photo.jpg").write_bytes((DATA / "photo.jpg").read_bytes() + name.encode())  # equal ones would be one group


def tables(work, recipe):
    (work / "tables.ftm").write_text(recipe)
    return run(ftmc, work / "tables.ftm", "--emit=tables")


def ways(caches):
    """Options that must not matter."""
    for workers in range(5):
        for cache in caches:
            yield ["--workers", workers, "--cache-budget", cache, "--threads", 1 + (workers + cache) % 3]


def check_recipe(work, name, recipe, caches):
    """Everything with one recipe and some sizes of the cache; the trained file."""
    (work / f"{name}.ftm").write_text(recipe)
    program = compile_program(ftmc, work / f"{name}.ftm", work / name)
    runs = []
    for way in ways(caches):
        runs.append(work / f"{name}{len(runs)}")
        run(program, "train", "--runs", runs[-1], *way)
    whole = newest_run(runs[0])
    check(all(same_run(newest_run(r), whole) for r in runs), f"{name}: {len(runs)} ways of loading leave the same files")

    total = len(log_lines(whole))
    for i, (before, after) in enumerate(((0, 4), (3, 0), (1, 2))):
        target = work / f"{name}_cut{i}" / "pictures-001"
        sizes = (0, 10**9) if i % 2 else (SMALL, 0)
        killed = kill_at([program, "train", "--runs", target.parent, "--checkpoint-every", 2, "--workers", before, "--cache-budget", sizes[0]],
                         target / "log.jsonl", total // 3, 0)
        if killed:
            run(program, "train", "--resume", target, "--workers", after, "--cache-budget", sizes[1], "--threads", 1 + i)
        check(same_run(target, whole), f"{name}: so does a run that goes on with {after} workers instead of {before}")

    logits, told = [], []
    for workers in range(5):
        options = ["--runs", runs[0], "--workers", workers, "--threads", 1 + workers % 2]
        run(program, "eval", "--logits", work / "e.npy", *options)
        said = run(program, "predict", "--json", "--top", 2, "--logits", work / "p.npy", "--csv", work / "p.csv", *options, work / "pictures")
        logits.append((work / "e.npy").read_bytes() + (work / "p.npy").read_bytes())
        told.append(said + (work / "p.csv").read_text())
    check(len(set(logits)) == 1 and len(set(told)) == 1, f"{name}: eval and predict answer alike with 0 to 4 workers")
    return (whole / "last.safetensors").read_bytes()


with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    add_pictures(root / "pictures")
    exact = check_recipe(root, "exact", RECIPE.replace("JPEG", "exact"), (0, SMALL, 10**9))
    fast = check_recipe(root, "fast", RECIPE.replace("JPEG", "fast"), (SMALL,))
    check(exact != fast, "a reduced scale was in use")
    # What the frozen layer makes of pictures is kept instead of them.
    frozen = RECIPE.replace("JPEG", "exact").replace(TRAIN_TRANSFORM, "").replace("    data {", "    freeze conv\n    data {")
    check("FTMRT_ENTRY_PREFIX" in tables(root, frozen) and "FTMRT_ENTRY_PREFIX" not in tables(root, RECIPE.replace("JPEG", "exact")),
          "features are computed once where each epoch sees the same pixels")
    check_recipe(root, "frozen", frozen, (SMALL,))
