"""Runs tests/e2e/adapters.ftm in PEFT: 20 SGD steps, loss by loss, the final matrices, and the logits with them.

Recorded run: PyTorch 2.14.0, PEFT 0.21.2; the initial matrices are those that ftmc draws with seed 0.
Run: python make_lora_reference.py FTMC tests/e2e. Writes data/adapters.npz.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import peft
import torch
import torch.nn as nn
from safetensors.torch import load_file
from small_network import Small
from training_losses import training_losses

ftmc, here = sys.argv[1], pathlib.Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    subprocess.run([ftmc, here / "adapters.ftm", "-o", work / "adapters"], check=True)
    subprocess.run([work / "adapters", "train", "--init-out", work / "init.safetensors"], check=True)
    init = load_file(work / "init.safetensors")

torch.set_num_threads(1)
net = Small()
net.load_state_dict(load_file(here / "data/small.safetensors"))
config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["conv1", "conv3", "fc"], rank_pattern={"fc": 2}, alpha_pattern={"fc": 3})
model = peft.get_peft_model(net, config)
state = {k: v for k, v in peft.get_peft_model_state_dict(model).items()}
assert len(state) == 6
start = {k.removeprefix("base_model.model."): v for k, v in state.items()}
for name, value in start.items():
    assert value.shape == init[name].shape and ("lora_A" in name or not value.any())
peft.set_peft_model_state_dict(model, {k: init[k.removeprefix("base_model.model.")] for k in state})
model.eval()
model.train = lambda mode=True: model  # what is frozen keeps its statistics
opt = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9, weight_decay=0.001, nesterov=True)
images = torch.from_numpy(np.load(here / "data/small_images.npy"))
labels = torch.from_numpy(np.load(here / "data/small_labels.npy")).long()
losses = training_losses(model, opt, nn.CrossEntropyLoss(label_smoothing=0.1), images, labels)
final = {k.removeprefix("base_model.model."): v.numpy() for k, v in peft.get_peft_model_state_dict(model).items()}
with torch.no_grad():
    logits = model(images).numpy()
np.savez(here / "data/adapters.npz", losses=np.array(losses, np.float32), logits=logits,
         **{f"init/{k}": init[k].numpy() for k in final}, **{f"final/{k}": v for k, v in final.items()})
print(torch.__version__, peft.__version__, losses)
