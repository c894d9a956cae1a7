"""20 SGD steps of a small network against PyTorch (stored), loss by loss; the same bits for 1, 2 and 3 threads."""
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, host_levels, newest_run, read_safetensors, relative_difference, run, step_losses

ftmc, levels = sys.argv[1], sys.argv[2:] or host_levels()
here = pathlib.Path(__file__).resolve().parent
for level in levels:
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        program = compile_program(ftmc, here / "small.ftm", work / "small_training", f"--cpu={level}")
        files = []
        for threads in (1, 2, 3):
            out = work / f"t{threads}.safetensors"
            run(program, "train", "--threads", threads, "--out", out, cwd="/")
            files.append(out.read_bytes())
        check(files[0] == files[1] == files[2], f"{level}: 1, 2 and 3 threads give the same file")
        losses, want = step_losses(newest_run(work / "runs")), np.load(DATA / "small_losses.npy")
        check(len(losses) == 20, "20 steps ran")
        worst = np.max(np.abs(losses - want) / want)
        check(worst < 1e-4, f"{level}: losses within 1e-4 of PyTorch's ({worst:.1e})")
        got, final = read_safetensors(work / "t1.safetensors"), np.load(DATA / "small_final.npz")
        check(sorted(got) == sorted(final.files), "the file has PyTorch's keys")
        for key in final.files:
            if "num_batches" in key:
                check(got[key] == final[key], key)
                continue
            d = relative_difference(got[key], final[key])
            check(d < 1e-4, f"{level}: {key} within 1e-4 of PyTorch's ({d:.1e})")
        run(program, "predict", "--weights", work / "t1.safetensors", "--data", DATA / "small_images.npy", "--logits",
            work / "logits.npy")
        d = relative_difference(np.load(work / "logits.npy"), np.load(DATA / "small_logits.npy"))
        check(d < 1e-4, f"{level}: logits after training within 1e-4 of PyTorch's ({d:.1e})")
