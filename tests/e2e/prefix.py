"""A program whose frozen prefix is an entry of its own trains, evaluates and predicts with the same bits."""
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, run, step_losses

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
CASES = {
    "lower_frozen": "freeze conv1, bn1, conv2, bn2",
    "head_only": "freeze all\n    train fc",
    "middle_only": "freeze all\n    train bn2",
    "all_trains": "",
}


def outcome(name, *options):
    """Compiles and runs the recipe NAME: saved tensors, losses of the steps, what eval prints."""
    program = compile_program(ftmc, work / f"{name}.ftm", work / name, *options)
    runs = work / f"{name}-runs{''.join(options)}"
    run(program, "train", "--runs", runs)
    tables = run(ftmc, work / f"{name}.ftm", "--emit=tables", *options)
    last = newest_run(runs)
    return (read_safetensors(last / "last.safetensors"), step_losses(last),
            run(program, "eval", "--weights", last / "last.safetensors").splitlines()[1:], tables.count("FTMRT_ENTRY_PREFIX"))


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    for name, statements in CASES.items():
        (work / f"{name}.ftm").write_text(
            text.replace("small_training", name).replace("    labels", f"    {statements}\n    labels"))
        whole, losses, figures, none = outcome(name)
        cut, cut_losses, cut_figures, prefixes = outcome(name, "--prefix")
        check(none == 0 and prefixes == (1 if statements else 0), f"{name}: {prefixes} prefix")
        check(list(whole) == list(cut) and all(whole[k].tobytes() == cut[k].tobytes() for k in whole), f"{name}: the same tensors")
        check(np.array_equal(losses, cut_losses) and len(losses) > 0, f"{name}: the same losses")
        check(figures == cut_figures, f"{name}: the same figures")
