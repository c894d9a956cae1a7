"""Attention against PyTorch (stored): logits, 20 SGD steps on masks, and a final state that is about as near to the one in double
precision as PyTorch's in single precision is; the same bits for 1, 2 and 3 threads."""
import pathlib
import sys
import tempfile

import numpy as np

from shapes import pictures
from support import (DATA, check, compile_program, host_levels, newest_run, read_safetensors, relative_difference, run,
                     state_distance, step_losses)

ftmc, levels = sys.argv[1], sys.argv[2:] or host_levels()
text = (pathlib.Path(__file__).resolve().parent / "attention.ftm").read_text().replace('"data/', f'"{DATA}/')
stored = np.load(DATA / "attention.npz")
exact = {k: stored[k] for k in stored.files if k not in ("logits", "losses", "distance")}
images, masks = pictures()
for level in levels:
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        np.save(work / "images.npy", images)
        np.save(work / "first.npy", images[:8])
        np.save(work / "masks.npy", masks)
        (work / "attention.ftm").write_text(text)
        program = compile_program(ftmc, work / "attention.ftm", work / "attention_training", f"--cpu={level}")
        run(program, "predict", "--weights", DATA / "attention.safetensors", "--data", work / "first.npy", "--logits",
            work / "logits.npy")
        d = relative_difference(np.load(work / "logits.npy").reshape(stored["logits"].shape), stored["logits"])
        check(d < 1e-4, f"{level}: logits within 1e-4 of PyTorch's ({d:.1e})")
        files = []
        for threads in (1, 2, 3):
            out = work / f"t{threads}.safetensors"
            run(program, "train", "--threads", threads, "--out", out, "--data", work)
            files.append(out.read_bytes())
        check(files[0] == files[1] == files[2], f"{level}: 1, 2 and 3 threads give the same file")
        losses = step_losses(newest_run(work / "runs"))
        worst = np.max(np.abs(losses - stored["losses"]) / stored["losses"])
        check(len(losses) == 20 and worst < 1e-3, f"{level}: 20 losses within 1e-3 of PyTorch's ({worst:.1e})")
        d, of_pytorch = state_distance(read_safetensors(work / "t1.safetensors"), exact), float(stored["distance"])
        check(d < 2.5 * of_pytorch, f"{level}: {d:.1e} from the state in double precision, PyTorch's is {of_pytorch:.1e}")
