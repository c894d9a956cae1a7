#!/usr/bin/env python3
"""What techniques are worth on two tasks: table.py FTMC TASKS WORK [--task NAME]... [--runs N] [--threads N] [--row TEXT]...

TASKS is what tests/bench/pictures_tasks.py makes: stamps0 ... stamps4 (five folds) and fashion100. A row is a recipe over the plain one of
its task, trained on the same folds, or with the same seeds, as the plain one: the table has the paired difference with its standard error, in
points of test accuracy, and the processor time of a training beside that of the plain one. A difference below two standard errors on both
tasks is marked. What was trained is kept in WORK/results.jsonl and not trained again: another WORK for another compiler.
"""
import argparse
import json
import math
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys

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


# How each trained network is evaluated.
EVALUATIONS = {"plain": (), "flipped": ("--tta", "flip")}

# The technique; its recipe; what it is compared with, if that is not the task's plain recipe; whether the data is skewed; how it is evaluated.
ROWS = [
    ("a new head alone, beside all layers", lambda task: HEAD, lambda task: ALL, False, "plain"),
    ("the last two blocks, beside all layers", lambda task: ["freeze all", 'train "_blocks.14", "_blocks.15", _conv_head, _bn1, _fc'], lambda task: ALL, False, "plain"),
    ("a head, then all layers at a tenth of the rate", lambda task: ["phase head {", "    freeze all", "    train _fc", "    epochs = 10", "}",
                                                                  "phase thaw {", "    epochs = 10", "    optimizer = adamw(lr = 0.0001)", "}"], None, False, "plain"),
    ("lora, beside all layers", lambda task: ["freeze all", "adapt all with lora(rank = 8, alpha = 16)", "train _fc"], lambda task: ALL, False, "plain"),
    ("all layers, statistics frozen", lambda task: ["freeze statistics all"], lambda task: ALL, False, "plain"),
    ("flip and crop", plain_with("transform train = random_resized_crop(SIZE, scale = [0.5, 1]), random_horizontal_flip(), NORMALIZE"), None, False, "plain"),
    ("trivial_augment_wide", plain_with("transform train = resize(SIZE, SIZE), trivial_augment_wide(), NORMALIZE"), None, False, "plain"),
    ("mixup", plain_and("mix = mixup(alpha = 0.2)"), None, False, "plain"),
    ("cutmix", plain_and("mix = cutmix()"), None, False, "plain"),
    ("label smoothing", plain_and("loss = cross_entropy(label_smoothing = 0.1)"), None, False, "plain"),
    ("class weights, classes skewed", plain_and("loss = cross_entropy(weight = balanced)"), None, True, "plain"),
    ("ema", plain_and("ema = 0.98"), None, False, "plain"),
    ("images of 0.7 times the size", plain_with("transform eval = resize(HALF, HALF), NORMALIZE"), None, False, "plain"),
    ("lion at a fifth of the rate", plain_and("optimizer = lion(lr = 0.0002)"), None, False, "plain"),
    ("clip_norm", plain_and("clip_norm = 1"), None, False, "plain"),
    ("ten times the rate for the head", lambda task: ["optimizer = adamw(lr = 0.0003)", 'group "_fc" { lr = 10x }'], lambda task: ALL, False, "plain"),
    ("a search for the rate, 12 trials", plain_and("search {", "    over optimizer.lr = log(1e-4, 1e-1)", "    trials = 12", "}"), None, False, "plain"),
    ("eval --tta flip", lambda task: PLAIN[task], None, False, "flipped"),
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


def processor_seconds():
    """Of all processes that were run here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Table:
    def __init__(self, options):
        self.options, self.done = options, {}
        self.kept = options.work / "results.jsonl"
        if self.kept.exists():
            for line in self.kept.read_text().splitlines():
                key, result = json.loads(line)
                self.done[tuple(key)] = result

    def data(self, task, i, skew):
        """The folder of run i; the stamps' classes are skewed as they are, 14 to 52 pictures."""
        if task == "stamps":
            return self.options.tasks / f"stamps{i}"
        plain = self.options.tasks / "fashion100"
        return skewed(plain, self.options.work / "skewed") if skew else plain

    def results(self, task, lines, skew):
        """Accuracy in per cent and processor seconds of each run."""
        keys = [(task, "\n".join(lines), skew, i) for i in range(self.options.runs)]
        missing = [key for key in keys if key not in self.done]
        if missing:
            self.compile(task, lines)
        for key in missing:
            self.done[key] = self.train(self.data(task, key[3], skew), key[3], "search {" in lines)
            with self.kept.open("a") as f:
                f.write(json.dumps([key, self.done[key]]) + "\n")
        return [self.done[key] for key in keys]

    def compile(self, task, lines):
        work = self.options.work
        text = "\n".join("    " + line for line in lines)
        (work / "row.ftm").write_text(f'import "{HERE / task}.ftm"\n\nfinetune row = {task} {{\n{text}\n}}\n')
        run(self.options.ftmc, work / "row.ftm", "-o", work / "row")

    def train(self, data, i, searches):
        program, runs = self.options.work / "row", self.options.work / "runs"
        start = processor_seconds()
        run(program, "search" if searches else "train", "--data", data, "--seed", i + 1, "--threads", self.options.threads, "--runs", runs)
        seconds = processor_seconds() - start
        trained = next(runs.glob("*/best.safetensors"))
        evaluate = (program, "eval", "--data", data, "--weights", trained, "--json")
        told = {how: 100 * json.loads(run(*evaluate, *options))["accuracy"] for how, options in EVALUATIONS.items()}
        shutil.rmtree(runs)
        return told, seconds

    def cell(self, with_it, without, how):
        differences = [a[0][how] - b[0]["plain"] for a, b in zip(with_it, without)]
        mean = statistics.mean(differences)
        error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
        cost = statistics.median(a[1] for a in with_it) / statistics.median(b[1] for b in without)
        figures = [statistics.mean(b[0]["plain"] for b in without), statistics.mean(a[0][how] for a in with_it)]
        return f"{figures[0]:.1f} | {figures[1]:.1f} | {mean:+.1f} ± {error:.1f} | {cost:.2f}", mean != 0 and abs(mean) >= 2 * error

    def row(self, name, lines, base, skew, how):
        cells, clear = [], False
        for task in self.options.task:
            without = self.results(task, base(task) if base else PLAIN[task], skew)
            text, is_clear = self.cell(self.results(task, lines(task), skew), without, how)
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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--row", action="append", help="rows with this text in their name")
    options = parser.parse_args()
    options.task = options.task or ["stamps", "clothes"]
    options.ftmc, options.tasks, options.work = options.ftmc.resolve(), options.tasks.resolve(), options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    heads = [f"{task}: plain, % | with it, % | difference | time" for task in options.task]
    print(f"| technique | {' | '.join(heads)} |\n|---|{'---|' * 4 * len(heads)}", flush=True)
    table = Table(options)
    for row in ROWS:
        if not options.row or any(text in row[0] for text in options.row):
            table.row(*row)


main()
