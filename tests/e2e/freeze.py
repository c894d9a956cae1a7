"""Frozen tensors, batch-norm statistics included, are bit-identical in the saved file; trained ones moved. Edits work."""
import pathlib
import sys
import tempfile

from support import DATA, check, compile_program, read_safetensors, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
source = read_safetensors(DATA / "small.safetensors")


def trained(name, statements, source_check=True):
    """Compiles small.ftm with these statements, trains, and returns the saved tensors."""
    (work / f"{name}.ftm").write_text(text.replace("small_training", name).replace("    labels", f"    {statements}\n    labels"))
    program = compile_program(ftmc, work / f"{name}.ftm", work / name)
    run(program, "train", "--out", work / f"{name}.safetensors")
    check("all checks passed" in run(program, "selftest", "--weights", work / f"{name}.safetensors"), f"{name}: selftest")
    return read_safetensors(work / f"{name}.safetensors")


def same(name, got, frozen):
    """Exactly the tensors of `frozen` (prefixes) kept their bits."""
    for key, value in source.items():
        if key not in got or got[key].shape != value.shape:
            continue
        kept = got[key].tobytes() == value.tobytes()
        check(kept == key.startswith(frozen), f"{name}: {key} {'kept its bits' if kept else 'moved'}")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    same("all_trains", trained("all_trains", ""), ())
    same("lower_frozen", trained("lower_frozen", "freeze conv1, bn1, conv2, bn2"), ("conv1", "bn1", "conv2", "bn2"))
    same("head_only", trained("head_only", "freeze all\n    train fc"), ("conv", "bn"))
    same("middle_only", trained("middle_only", "freeze all\n    train bn2"), ("conv", "bn1", "bn3", "fc"))
    stats = trained("statistics", 'freeze statistics "bn*"')
    check(all(stats[f"bn{i}.running_mean"].tobytes() == source[f"bn{i}.running_mean"].tobytes() for i in (1, 2, 3)),
          "freeze statistics keeps the statistics")
    check(stats["bn1.weight"].tobytes() != source["bn1.weight"].tobytes(), "and trains weight and bias")
    edited = trained("edited", "replace fc with linear(classes)\n    insert refine: conv2d(20, kernel = 3, padding = 1, "
                     "init = identity) after bn3\n    freeze conv1, bn1")
    check(edited["refine.weight"].shape == (20, 20, 3, 3), "an inserted convolution is in the file")
    same("edited", edited, ("conv1", "bn1"))
