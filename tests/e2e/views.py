"""cache = views(3): training goes through three seeded variants of each sample, and whatever is kept of them changes no bit."""
import csv
import pathlib
import sys
import tempfile

import numpy as np

from support import check, compile_program, kill_at, newest_run, run, same_numbers, same_run

ftmc = sys.argv[1]
RECIPE = """model small(image: f32[3, 12, 12], classes = 4) {
    x = relu(conv1: conv2d(image, 8, kernel = 3, padding = 1))
    output logits = fc: linear(flatten(global_avg_pool(x)), classes)
}

finetune NAME {
    model   = small()
    weights = random
    classes = 4
    freeze all
    train fc
    data {
        train      = npy(images = "images.npy", labels = "labels.npy")
        validation = 25%
        cache      = CACHE
    }
    transform train = random_crop(12, padding = 2), random_horizontal_flip(), to_rgb(), normalize(mean = 0.5, std = 0.5)
    transform eval  = resize(12, 12), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = RATE)
    schedule  = constant()
    epochs    = 7
    batch     = 8
    shuffle   = false
}
"""


def losses(folder):
    with open(newest_run(folder) / "metrics.csv") as f:
        return [row["train_loss"] for row in csv.DictReader(f)]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(5)
    np.save(work / "images.npy", rng.integers(0, 256, (45, 12, 12), np.uint8))
    np.save(work / "labels.npy", (np.arange(45) % 4).astype(np.int64))

    def program_of(name, cache, rate=0.05):
        (work / f"{name}.ftm").write_text(RECIPE.replace("NAME", name).replace("CACHE", cache).replace("RATE", str(rate)))
        return compile_program(ftmc, work / f"{name}.ftm", work / name)

    # Nothing is learnt: an epoch's loss says what it saw.
    still = program_of("still", "views(3)", 0)
    said = run(still, "train", "--runs", work / "still-runs", notes=True)
    seen = losses(work / "still-runs")
    check("training goes through 3 variants of each sample instead of new ones in each epoch, which is an approximation" in said, "it is said when training begins")
    check(seen[0] == seen[3] == seen[6] and seen[1] == seen[4] and seen[2] == seen[5] and len(set(seen)) == 3, f"three variants, over and over: {seen}")
    fresh = program_of("fresh", "off", 0)
    run(fresh, "train", "--runs", work / "fresh-runs")
    drawn = losses(work / "fresh-runs")
    check(drawn[:3] == seen[:3] and len(set(drawn)) == 7, "the first three are those of a training that draws anew")

    views = program_of("views", "views(3)")
    run(views, "train", "--runs", work / "runs")
    whole = newest_run(work / "runs")
    for i, way in enumerate((["--cache", "off"], ["--cache", "disk"], ["--cache-budget", 2000, "--threads", 3], ["--cache", "memory", "--cache-budget", 700])):
        run(views, "train", "--runs", work / f"way{i}", *way)
        check(same_run(newest_run(work / f"way{i}"), whole), f"the same run with {way}")
    said = run(views, "train", "--runs", work / "way1", "--cache", "disk", notes=True)
    check("for these 45 samples" in said and same_run(newest_run(work / "way1"), whole), "and with what the last one left on disk")
    run(views, "train", "--runs", work / "seed", "--cache", "disk", "--seed", 1)
    run(views, "train", "--runs", work / "seed-off", "--cache", "off", "--seed", 1)
    check(same_numbers(newest_run(work / "seed"), newest_run(work / "seed-off")), "another seed draws other variants")

    # Killed in any variant, and gone on with.
    for moment in (5, 17, 29):
        runs = work / f"killed{moment}"
        kill_at([views, "train", "--runs", runs, "--checkpoint-every", 3], runs / "views-001" / "log.jsonl", moment, 0.001)
        if '"finished"' not in (runs / "views-001" / "run.json").read_text():
            run(views, "train", "--resume", runs / "views-001", "--cache", "disk")
        check(same_run(runs / "views-001", whole), "the run ends with the same files")
