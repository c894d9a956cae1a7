"""20 SGD steps of a U-Net on masks of 64x64 against PyTorch (stored): the losses, and a final state that is about as near to the one
in double precision as PyTorch's in single precision is; the same bits for 1, 2 and 3 threads."""
import pathlib
import sys
import tempfile

import numpy as np

from shapes import large_pictures
from support import DATA, check_training, compile_program, host_levels

ftmc, levels = sys.argv[1], sys.argv[2:] or host_levels()
text = (pathlib.Path(__file__).resolve().parent / "unet.ftm").read_text().replace('"data/', f'"{DATA}/')
stored = np.load(DATA / "unet.npz")
exact = {k: stored[k] for k in stored.files if k not in ("losses", "distance")}
images, masks = large_pictures()
for level in levels:
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        np.save(work / "images.npy", images)
        np.save(work / "masks.npy", masks)
        (work / "unet.ftm").write_text(text)
        program = compile_program(ftmc, work / "unet.ftm", work / "unet_training", f"--cpu={level}")
        check_training(program, work, stored, exact, level)
