"""Attention against PyTorch (stored): logits, 20 SGD steps on masks, and a final state that is about as near to the one in double
precision as PyTorch's in single precision is; the same bits for 1, 2 and 3 threads."""
import pathlib
import sys
import tempfile

import numpy as np

from shapes import pictures
from support import DATA, check, check_training, compile_program, host_levels, relative_difference, run

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
        check_training(program, work, stored, exact, level)
