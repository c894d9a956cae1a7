"""phase NAME { ... }: each phase is the training that a recipe of its own would be, begun with the best weights so far; a run that is
killed in any of them ends with the same bits."""
import csv
import pathlib
import random
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, kill_at, log_lines, metadata, newest_run, read_safetensors, relative_difference, run, same_numbers, same_run, \
    state_distance, step_losses

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =").replace("    epochs  = 5\n", "")
SGD = "momentum = 0.9, weight_decay = 0.001, nesterov = true)"
HEAD = "train fc\n        epochs = 3"
THAW = f"train all\n        epochs = 4\n        optimizer = sgd(lr = 0.002, {SGD}\n        schedule = cosine()"
random.seed(7)


def with_phases(source, name, *phases):
    blocks = "".join(f"    phase {n} {{\n        {body}\n    }}\n" for n, body in phases)
    source = source.replace("small_training", name)
    return source[:source.rindex("}")] + "    freeze all\n" + blocks + "}\n"


def rows(runs):
    with open(newest_run(runs) / "metrics.csv") as f:
        return list(csv.DictReader(f))


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)

    def program_of(name, source, *options):
        (work / f"{name}.ftm").write_text(source)
        return compile_program(ftmc, work / f"{name}.ftm", work / name, *options)

    # A phase is what a recipe of its own does: nothing is drawn, and the order stays, so that the epochs' numbers make no difference.
    both = program_of("both", with_phases(text, "both", ("head", HEAD), ("thaw", THAW)))
    said = run(both, "train", "--runs", work / "runs")
    whole = newest_run(work / "runs")
    alone = text.replace("    schedule  = constant()\n", "    schedule = constant()\n    epochs = 3\n    freeze all\n    train fc\n")
    head = program_of("head", alone.replace("small_training", "head"))
    run(head, "train", "--runs", work / "head-runs")
    first = newest_run(work / "head-runs")
    after = text.replace("    schedule  = constant()\n", "    schedule = cosine()\n    epochs = 4\n").replace("lr = 0.01", "lr = 0.002")
    thaw = program_of("thaw", after.replace("small_training", "thaw"))
    run(thaw, "train", "--runs", work / "thaw-runs", "--from", first / "best.safetensors")
    second = newest_run(work / "thaw-runs")
    losses = [step_losses(r) for r in (whole, first, second)]  # but for rounding: what thaws later is no constant in the head's phase
    check(relative_difference(losses[0], np.concatenate(losses[1:])) < 2e-6,
          "the losses of the steps are those of two recipes, one after the other")
    a, b = (read_safetensors(r / "last.safetensors") for r in (whole, second))
    check(list(a) == list(b) and state_distance(a, b) < 1e-5, "and so are the weights")
    epochs = rows(work / "runs")
    check([r["phase"] for r in epochs] == ["head"] * 3 + ["thaw"] * 4, "metrics.csv names the phases")
    check([line["phase"] for line in log_lines(whole) if "epoch" in line] == [r["phase"] for r in epochs], "and so does log.jsonl")
    check("phase head: accuracy in validation up to" in said and "phase thaw: accuracy in validation up to" in said and
          "before it" in said and "epoch 4/7  thaw" in said, "what each gained is said")
    best = max(float(r["validation_accuracy"]) for r in epochs[:3])
    check(f"phase head: accuracy in validation up to {100 * best:.2f} %" in said, "with the figure of its best epoch")

    gained = max(float(r["validation_accuracy"]) for r in epochs[3:]) > best
    check(("phase thaw gained " in said) and ("phase thaw gained nothing" in said) != gained, "and at the end what the last one gained")
    idle = program_of("idle", with_phases(text, "idle", ("head", HEAD), ("thaw", THAW.replace("lr = 0.002", "lr = 0"))))
    said = run(idle, "train", "--runs", work / "idle-runs")
    kept = metadata(newest_run(work / "idle-runs") / "best.safetensors")["epoch"]
    check(int(kept) <= 3 and f"phase thaw gained nothing in validation: kept are the weights of phase head, epoch {kept}, accuracy " in said,
          "a phase that gains nothing leaves the weights that were the best before it")

    # Whoever computes, and whatever is kept of the features of each phase's frozen part.
    uncut = compile_program(ftmc, work / "both.ftm", work / "uncut", "-D", "data.cache=off")
    for i, way in enumerate(([both, "--threads", 3], [both, "--cache", "off"], [both, "--cache-budget", 12000], [uncut])):
        run(way[0], "train", "--runs", work / f"way{i}", *way[1:])
        check(same_numbers(newest_run(work / f"way{i}"), whole), f"the same run with {[str(w) for w in way[1:]] or 'cache = off'}")

    # The length: of all phases in proportion, or of one.
    run(both, "train", "--runs", work / "long", "--epochs", 14)
    check([r["phase"] for r in rows(work / "long")] == ["head"] * 6 + ["thaw"] * 8, "--epochs stretches all phases")
    run(both, "train", "--runs", work / "short", "--steps", 7)
    steps = [line for line in log_lines(newest_run(work / "short")) if "loss" in line]
    check(len(steps) == 7 and [r["step"] for r in rows(work / "short")][-1] == "7" and rows(work / "short")[0]["phase"] == "head",
          "--steps, too")
    other = program_of("other", (work / "both.ftm").read_text(), "-D", "thaw.epochs=2", "-D", "thaw.optimizer.lr=0.001")
    run(other, "train", "--runs", work / "other-runs")
    check([r["phase"] for r in rows(work / "other-runs")] == ["head"] * 3 + ["thaw"] * 2, "-D thaw.epochs sets one")
    check("each of which needs one" in run(both, "train", "--runs", work / "none", "--epochs", 1, code=1), "one epoch is too few for two phases")
    check("each of the 2 phases" in run(both, "train", "--runs", work / "none", "--lr", 0.1, code=1), "--lr is of no phase")
    check(" in phase head" in run(both, "train", "--dry-run"), "a dry run is of the first")

    # `patience` ends a phase, not the training.
    patient = program_of("patient", with_phases(text, "patient", ("head", "train fc\n        epochs = 30"), ("thaw", THAW))
                         .replace("    batch ", "    patience = 2\n    min_delta = 0.9\n    batch "))
    said = run(patient, "train", "--runs", work / "patient-runs")
    check([r["phase"] for r in rows(work / "patient-runs")] == ["head"] * 3 + ["thaw"] * 3, "patience ends each phase")
    check("stopped behind epoch 3" in said and "stopped behind epoch 6" in said, "and says so")

    # Killed anywhere, with everything that is drawn.
    drawn = text.replace("x + y, kernel", "dropout2d(x + drop_path(y, 0.25), 0.1), kernel").replace("shuffle = false", "shuffle = true\n    ema = 0.9")
    three = program_of("three", with_phases(drawn, "three", ("head", HEAD), ("norm", "train type(batch_norm)\n        epochs = 2"), ("thaw", THAW)))
    options = ["--checkpoint-every", 3]
    run(three, "train", *options, "--runs", work / "uninterrupted")
    whole = newest_run(work / "uninterrupted")
    total = len(log_lines(whole))
    for trial in range(6):
        runs, killed = work / f"killed{trial}", 0
        target = runs / "three-001"
        for moment in sorted(random.randrange(1, total - 1) for _ in range(3)):
            command = ["--resume", target] if target.exists() else [*options, "--runs", runs]
            killed += kill_at([three, "train", *command], target / "log.jsonl", moment, random.random() * 0.004)
        if '"finished"' not in (target / "run.json").read_text():
            run(three, "train", "--resume", target, "--threads", 1 + trial % 3)
        check(same_run(target, whole), f"killed {killed} times, the run ends with the same files")

    # What it is not for.
    check("E0636" in run(ftmc, work / "both.ftm", "--emit=pytorch", code=1), "--emit=pytorch has no phases")
    check("E0663" in run(ftmc, work / "both.ftm", "--emit=lib", "-o", work / "lib", code=1), "a library trains in one phase")
    run(ftmc, work / "both.ftm", "--emit=lib", "--infer", "-o", work / "lib")
    resolved = run(ftmc, "check", "--resolved", work / "both.ftm")
    (work / "resolved.ftm").write_text(resolved)
    check(run(ftmc, "check", "--resolved", work / "resolved.ftm") == resolved, "the resolved recipe is read as it is printed")
    run(both, "eval", "--runs", work / "runs")
