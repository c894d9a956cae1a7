"""PyTorch loads the saved file with strict=True and computes the same logits. Skipped (77) where PyTorch is absent."""
import pathlib
import sys
import tempfile

try:
    import torch
except ImportError:
    print("PyTorch is not here: skipped")
    sys.exit(77)
import numpy as np

from support import DATA, ROOT, check, compile_program, read_safetensors, relative_difference, run

sys.path.insert(0, str(ROOT / "tests/tools"))
from small_network import Small

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    program = compile_program(ftmc, here / "small.ftm", work / "small_training")
    run(program, "train", "--out", work / "out.safetensors")
    net = Small()
    net.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in read_safetensors(work / "out.safetensors").items()}, strict=True)
    net.eval()
    with torch.no_grad():
        want = net(torch.from_numpy(np.load(DATA / "small_images.npy"))).numpy()
    run(program, "predict", "--data", DATA / "small_images.npy", "--logits", work / "logits.npy")
    d = relative_difference(np.load(work / "logits.npy"), want)
    check(d < 1e-5, f"PyTorch computes the same logits from the saved file ({d:.1e})")
