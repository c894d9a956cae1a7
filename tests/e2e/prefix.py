"""A program whose frozen prefix is an entry of its own trains, evaluates and predicts with the same bits, whatever is kept of its features."""
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, run, same_numbers, step_losses

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
CASES = {  # what is frozen; whether its features are small enough to be kept
    "lower_frozen": ("freeze conv1, bn1, conv2, bn2", False),
    "head_only": ("freeze all\n    train fc", True),
    "middle_only": ("freeze all\n    train bn2", False),
    "all_trains": ("", False),
}
EACH_TIME_ANOTHER = {
    "flipped": ("    loss ", "    transform train = random_horizontal_flip(), normalize(mean = 0, std = 1)\n    loss "),
    "mixed": ("    loss ", "    mix = mixup(alpha = 0.2)\n    loss "),
}
KEPT_IN_PART = 12 * (20 * 4 + 32)  # bytes: for the features of some samples


def prefixes(name, *options):
    return run(ftmc, work / f"{name}.ftm", "--emit=tables", *options).count("FTMRT_ENTRY_PREFIX")


def outcome(name, when):
    """Compiles and runs the recipe NAME: the program, saved tensors, losses of the steps, what eval prints."""
    program = compile_program(ftmc, work / f"{name}.ftm", work / name, "-D", f"data.cache={when}")
    runs = work / f"{name}-{when}"
    run(program, "train", "--runs", runs)
    last = newest_run(runs)
    return (program, read_safetensors(last / "last.safetensors"), step_losses(last),
            run(program, "eval", "--weights", last / "last.safetensors").splitlines()[1:])


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, (statements, small) in CASES.items():
        (work / f"{name}.ftm").write_text(
            text.replace("small_training", name).replace("    labels", f"    {statements}\n    labels"))
        whole, cut = outcome(name, "off"), outcome(name, "memory")
        counts = [prefixes(name, *way) for way in (["-D", "data.cache=off"], ["-D", "data.cache=memory"], [])]
        check(counts == [0, 1 if statements else 0, 1 if small else 0], f"{name}: {counts} prefixes: off, memory, auto")
        check(list(whole[1]) == list(cut[1]) and all(whole[1][k].tobytes() == cut[1][k].tobytes() for k in whole[1]),
              f"{name}: the same tensors")
        check(np.array_equal(whole[2], cut[2]) and len(cut[2]) > 0, f"{name}: the same losses")
        check(whole[3] == cut[3], f"{name}: the same figures")

    # What is kept of the features, and who computes, changes nothing: neither in training nor in validation.
    (work / "validated.ftm").write_text((work / "head_only.ftm").read_text().replace("test  = npy", "validation = 25%\n        test  = npy"))
    run(compile_program(ftmc, work / "validated.ftm", work / "whole", "-D", "data.cache=off"), "train", "--runs", work / "whole-runs")
    program, last = compile_program(ftmc, work / "validated.ftm", work / "validated"), newest_run(work / "whole-runs")
    for i, way in enumerate((["--cache", "off"], ["--cache-budget", KEPT_IN_PART, "--threads", 3], ["--cache", "memory", "--cache-budget", "1MB", "--workers", 0])):
        run(program, "train", "--runs", work / f"way{i}", *way)
        check(same_numbers(newest_run(work / f"way{i}"), last), f"the same run with {way}")

    check("; after the first epoch, when what is frozen has been computed, " in run(program, "train", "--dry-run"),
          "a dry run times both kinds of epochs")

    for name, (before, after) in EACH_TIME_ANOTHER.items():
        (work / f"{name}.ftm").write_text((work / "head_only.ftm").read_text().replace(before, after, 1))
        check(prefixes(name) == 0, f"{name}: what is seen anew in each epoch has no features to keep")
