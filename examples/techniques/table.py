#!/usr/bin/env python3
"""What techniques are worth on two tasks: table.py FTMC TASKS WORK [--task NAME]... [--runs N] [--row TEXT]...

TASKS is what tests/bench/pictures_tasks.py makes: stamps0 ... stamps4 (five folds) and fashion100. A row is a recipe over the plain one of
its task, trained on the same folds, or with the same seeds, as the plain one: the table has the paired difference with its standard error, in
points of test accuracy, and what a training takes beside the plain one. A difference below two standard errors on both tasks is marked.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))
from prepare import read_idx, write_idx  # noqa: E402

NORMALIZE = "to_rgb(), normalize(mean = 127, std = 128, scale = 1)"
SIZE = {"stamps": 160, "clothes": 64}
HEAD, ALL = ["freeze all", "train _fc"], []
PLAIN = {"stamps": HEAD, "clothes": ALL}


def sized(text):
    return lambda task: [text.replace("SIZE", str(SIZE[task])).replace("HALF", str(SIZE[task] * 7 // 10)).replace("NORMALIZE", NORMALIZE)]


def plain_and(*lines):
    return lambda task: PLAIN[task] + list(lines)


def plain_with(text):
    return lambda task: PLAIN[task] + sized(text)(task)


# The technique; its recipe; what it is compared with, if that is not the task's plain recipe; whether the data is skewed.
ROWS = [
    ("a new head alone, beside all layers", lambda task: HEAD, lambda task: ALL, False),
    ("the last two blocks, beside all layers", lambda task: ["freeze all", 'train "_blocks.14", "_blocks.15", _conv_head, _bn1, _fc'], lambda task: ALL, False),
    ("a head, then all layers at a tenth of the rate", lambda task: ["phase head {", "    freeze all", "    train _fc", "    epochs = 10", "}",
                                                                  "phase thaw {", "    epochs = 10", "    optimizer = adamw(lr = 0.0001)", "}"], None, False),
    ("lora, beside all layers", lambda task: ["freeze all", "adapt all with lora(rank = 8, alpha = 16)", "train _fc"], lambda task: ALL, False),
    ("all layers, statistics frozen", lambda task: ["freeze statistics all"], lambda task: ALL, False),
    ("flip and crop", plain_with("transform train = random_resized_crop(SIZE, scale = [0.5, 1]), random_horizontal_flip(), NORMALIZE"), None, False),
    ("trivial_augment_wide", plain_with("transform train = resize(SIZE, SIZE), trivial_augment_wide(), NORMALIZE"), None, False),
    ("mixup", plain_and("mix = mixup(alpha = 0.2)"), None, False),
    ("cutmix", plain_and("mix = cutmix()"), None, False),
    ("label smoothing", plain_and("loss = cross_entropy(label_smoothing = 0.1)"), None, False),
    ("class weights, classes skewed", plain_and("loss = cross_entropy(weight = balanced)"), None, True),
    ("ema", plain_and("ema = 0.98"), None, False),
    ("images of 0.7 times the size", plain_with("transform eval = resize(HALF, HALF), NORMALIZE"), None, False),
    ("lion at a fifth of the rate", plain_and("optimizer = lion(lr = 0.0002)"), None, False),
    ("clip_norm", plain_and("clip_norm = 1"), None, False),
    ("ten times the rate for the head", lambda task: ["optimizer = adamw(lr = 0.0003)", 'group "_fc" { lr = 10x }'], lambda task: ALL, False),
]


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def skewed(source, out):
    """Of every second class a tenth of the training samples."""
    out.mkdir(parents=True, exist_ok=True)
    (_, height, width), pixels = read_idx(source / "train-images.gz")
    _, classes = read_idx(source / "train-labels.gz")
    seen, taken = {}, []
    for i, c in enumerate(classes):
        seen[c] = seen.get(c, 0) + 1
        if c % 2 == 0 or seen[c] % 10 == 1:
            taken.append(i)
    size = height * width
    write_idx(out / "train-images.gz", (len(taken), height, width), b"".join(pixels[i * size:(i + 1) * size] for i in taken))
    write_idx(out / "train-labels.gz", (len(taken),), bytes(classes[i] for i in taken))
    for name in ("test-images.gz", "test-labels.gz"):
        (out / name).write_bytes((source / name).read_bytes())
    return out


class Table:
    def __init__(self, options):
        self.options, self.done = options, {}

    def data(self, task, i, skew):
        """The folder of run i; the stamps' classes are skewed as they are, 14 to 52 pictures."""
        if task == "stamps":
            return self.options.tasks / f"stamps{i}"
        plain = self.options.tasks / "fashion100"
        return skewed(plain, self.options.work / "skewed") if skew else plain

    def results(self, task, lines, skew):
        """Accuracies in per cent and seconds, one of each run."""
        key = (task, tuple(lines), skew)
        if key not in self.done:
            work = self.options.work / f"{task}{len(self.done)}"
            work.mkdir(parents=True, exist_ok=True)
            text = "\n".join("    " + line for line in lines)
            (work / "row.ftm").write_text(f'import "{HERE / task}.ftm"\n\nfinetune row = {task} {{\n{text}\n}}\n')
            run(self.options.ftmc, work / "row.ftm", "-o", work / "row")
            self.done[key] = [self.train(work, self.data(task, i, skew), i) for i in range(self.options.runs)]
        return self.done[key]

    @staticmethod
    def train(work, data, i):
        start = time.perf_counter()
        run(work / "row", "train", "--data", data, "--seed", i + 1, "--name", f"run{i}", "--out", work / "row.safetensors")
        seconds = time.perf_counter() - start
        told = json.loads(run(work / "row", "eval", "--data", data, "--weights", work / "row.safetensors", "--json"))
        return 100 * told["accuracy"], seconds

    def cell(self, task, lines, base, skew):
        with_it, without = self.results(task, lines, skew), self.results(task, base, skew)
        differences = [a[0] - b[0] for a, b in zip(with_it, without)]
        mean = statistics.mean(differences)
        error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
        cost = statistics.median(a[1] for a in with_it) / statistics.median(b[1] for b in without)
        text = f"{statistics.mean(b[0] for b in without):.1f} | {statistics.mean(a[0] for a in with_it):.1f} | {mean:+.1f} ± {error:.1f} | {cost:.2f}"
        return text, abs(mean) >= 2 * error

    def row(self, name, lines, base, skew):
        cells, clear = [], False
        for task in self.options.task:
            text, is_clear = self.cell(task, lines(task), (base or (lambda t: PLAIN[t]))(task), skew)
            cells.append(text)
            clear = clear or is_clear
        print(f"| {name}{'' if clear else ' (not clear)'} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ftmc", type=pathlib.Path)
    parser.add_argument("tasks", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--task", action="append", choices=sorted(SIZE))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--row", action="append", help="rows with this text in their name")
    options = parser.parse_args()
    options.task = options.task or ["stamps", "clothes"]
    options.ftmc, options.tasks, options.work = options.ftmc.resolve(), options.tasks.resolve(), options.work.resolve()
    heads = [f"{task}: plain, % | with it, % | difference | time" for task in options.task]
    print(f"| technique | {' | '.join(heads)} |\n|---|{'---|' * 4 * len(heads)}", flush=True)
    table = Table(options)
    for row in ROWS:
        if not options.row or any(text in row[0] for text in options.row):
            table.row(*row)


main()
