"""ema: what validates and is saved is the mean of the weights behind each step, and training itself is what it is without; the mean is
PyTorch's where PyTorch is present."""
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, run, step_losses

ftmc = sys.argv[1]
DECAY, STEPS = 0.75, 6
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =")


def is_statistic(name):
    return "running" in name or "num_batches" in name


def check_pytorch(weights, mean):
    """AveragedModel over the same weights."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(w.shape)) for w in weights[0]])
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(DECAY))
    for step in weights:
        for parameter, value in zip(model, step):
            parameter.data.copy_(torch.tensor(value))
        average.update_parameters(model)
    d = max(float(np.abs(p.detach().numpy() - m).max()) for p, m in zip(average.module, mean))
    check(d < 1e-7, f"the mean is PyTorch's ({d:.1e})")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "plain.ftm").write_text(text)
    (work / "mean.ftm").write_text(text.replace("    epochs  =", f"    ema = {DECAY}\n    epochs  ="))
    plain, mean = compile_program(ftmc, work / "plain.ftm", work / "plain"), compile_program(ftmc, work / "mean.ftm", work / "mean")
    weights = []
    for step in range(1, STEPS + 1):
        run(plain, "train", "--steps", step, "--out", work / "step.safetensors", "--runs", work / "plain_runs")
        weights.append(read_safetensors(newest_run(work / "plain_runs") / "last.safetensors"))
    said = run(mean, "train", "--steps", STEPS, "--runs", work / "mean_runs")
    folder = newest_run(work / "mean_runs")
    ours = read_safetensors(folder / "last.safetensors")
    expected = {name: w.copy() for name, w in weights[0].items()}
    for later in weights[1:]:
        for name, w in later.items():
            expected[name] = w if is_statistic(name) else expected[name] + np.float32(1 - DECAY) * (w - expected[name])
    check(all(np.array_equal(expected[name], ours[name]) for name in ours), "the mean of the weights is saved, and the statistics as they are")
    check(not np.array_equal(ours["fc.weight"], weights[-1]["fc.weight"]), "which are others")
    check(np.array_equal(step_losses(folder), step_losses(newest_run(work / "plain_runs"))), "the steps are those without a mean")

    said = run(mean, "train", "--epochs", 8, "--runs", work / "mean_runs")
    folder = newest_run(work / "mean_runs")
    losses = dict(re.findall(r"epoch (\d+)/8 .*validation loss ([\d.]+)", said))
    best = int(re.search(r'"epoch": (\d+)', (folder / "run.json").read_text().split('"best"')[1]).group(1))
    said = run(mean, "eval", "--split", "validation", "--run", folder)
    loss = float(re.search(r"loss +([\d.]+)", said).group(1))
    check(abs(loss - float(losses[str(best)])) <= 6e-5, "what was validated is what is saved")
    trainable = [name for name in ours if not is_statistic(name)]
    explained = run(ftmc, "explain", work / "mean.ftm")
    check(re.search(r"average +0\.\d+ MB beside it", explained), "explain says what it takes")
    try:
        import torch  # noqa: F401
    except ImportError:
        print("PyTorch is not here: nothing is compared with it")
        sys.exit(0)
    check_pytorch([[w[name] for name in trainable] for w in weights], [ours[name] for name in trainable])
