"""Recipes with what a training keeps beside its weights - what a schedule has seen, how long there was no gain, a mean of the weights,
clipped gradients, mixed samples - killed at any moment and taken up again: they end bit for bit like one that never stopped."""
import json
import pathlib
import random
import sys
import tempfile

from support import DATA, check, compile_program, kill_at, log_lines, newest_run, run, same_run

ftmc = sys.argv[1]
KILLS = 3
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =").replace("shuffle = false", "shuffle = true")
SGD, CONSTANT = "optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.001, nesterov = true)", "schedule  = constant()"
RECIPES = {
    "plateau": {"optimizer": "rmsprop(lr = 0.002, momentum = 0.8)", "schedule": "plateau(factor = 0.5, patience = 0, cooldown = 1, warmup = 0.5)",
                "mix": "mixup(alpha = 0.4)", "ema": "0.9"},
    "cycle": {"optimizer": "lion(lr = 0.002, weight_decay = 0.1)", "schedule": "one_cycle(pct_start = 0.4)", "best": "macro_f1", "clip_norm": "0.5"},
    "stop": {"optimizer": "sgd(lr = 0.03, momentum = 0.9)", "schedule": "sequential([linear_lr(0.1, total_iters = 2), cosine_warm_restarts(1, 2)], 2)",
             "best": "loss", "patience": "3", "min_delta": "0.02", "ema": "0.5", "clip_value": "0.05"},
}
# Phases with everything else on: what only some phases train, groups of its parameters, tensors that only one of the optimizers has.
PHASED = {
    "adapted": ({"optimizer": "adamw(lr = 0.004, amsgrad = true)", "schedule": "plateau(factor = 0.5, patience = 0, threshold = 0.1, warmup = 0.5)", "mix": "mixup(alpha = 0.4)",
                 "ema": "0.8", "clip_norm": "0.5"}, """
    freeze all
    adapt conv1, conv3 with lora(rank = 4, dropout = 0.5)
    group fc { lr = 0.5x, weight_decay = 0 }
    phase head { freeze "**.lora_*"
        train fc
        epochs = 4 }
    phase thaw { train fc
        epochs = 8
        optimizer = adamw(lr = 0.002, amsgrad = true) }
"""),
    "thawed": ({"optimizer": "rmsprop(lr = 0.001, momentum = 0.8, centered = true)", "schedule": "plateau(factor = 0.5, patience = 0, threshold = 0.1, warmup = 0.5)",
                "mix": "cutmix(alpha = 1)", "ema": "0.9", "clip_value": "0.1", "lr_decay": "0.8"}, """
    freeze all
    phase head { train fc
        epochs = 3 }
    phase thaw { train all
        freeze statistics all
        epochs = 6
        schedule = cosine(warmup = 1 epoch) }
    phase last { train conv3, bn3, fc
        epochs = 3
        optimizer = rmsprop(lr = 0.0002, momentum = 0.5, centered = true) }
"""),
    "moving": ({"optimizer": "sgd(lr = 0.03, momentum = 0.9, dampening = 0.3)", "schedule": "one_cycle(pct_start = 0.4)", "mix": "mixup(alpha = 0.2)",
                "ema": "0.7", "best": "loss"}, """
    group "bn*", fc { weight_decay = 0 }
    phase whole { epochs = 6 }
    phase head { freeze conv1, bn1, conv2, bn2
        schedule = plateau(factor = 0.5, patience = 0)
        epochs = 6 }
"""),
}
random.seed(8)
assert SGD in text and CONSTANT in text

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, (settings, more) in {**{name: (settings, "") for name, settings in RECIPES.items()}, **PHASED}.items():
        lines = "\n".join(f"    {key} = {value}" for key, value in settings.items())
        source = text.replace(f"    {SGD}\n", "").replace(f"    {CONSTANT}\n", lines + "\n")
        if more:
            source = source.replace("    epochs  = 5\n", "")
            source = source[:source.rindex("}")] + more + "}\n"
        (work / f"{name}.ftm").write_text(source)
        program = compile_program(ftmc, work / f"{name}.ftm", work / name)
        options = ["--epochs", 12, "--checkpoint-every", 2]
        said = run(program, "train", *options, "--runs", work / f"{name}_whole")
        whole = newest_run(work / f"{name}_whole")
        steps = [line for line in log_lines(whole) if "loss" in line]
        rates = [line["lr"] for line in steps]
        check(len(set(rates)) > 2, f"{name}: the rate changes")
        if "patience" in settings:
            check("stopped behind epoch" in said and len(steps) < 30, f"{name}: training stops early")
        killed = 0
        for trial in range(KILLS):
            runs = work / f"{name}_{trial}"
            target = runs / "small_training-001"
            for moment in sorted(random.randrange(1, len(steps)) for _ in range(2)):
                command = ["--resume", target] if target.exists() else [*options, "--runs", runs]
                killed += kill_at([program, "train", *command], target / "log.jsonl", moment, random.random() * 0.004)
            if json.loads((target / "run.json").read_text())["outcome"] != "finished":
                run(program, "train", "--resume", target, "--threads", 1 + trial)
            check(same_run(target, whole), f"{name}: killed, the run ends with the same files")
        check(killed > 0, f"{name}: {killed} kills")
