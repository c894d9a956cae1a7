"""adapt PATTERNS with lora(): PEFT's steps, what such a training leaves, what is left of the adapters where they are constants, and what
they cost on ResNet-18."""
import pathlib
import random
import re
import sys
import tempfile

import numpy as np

from support import DATA, ROOT, check, compile_program, kill_at, log_lines, metadata, newest_run, read_safetensors, \
    relative_difference, run, same_run, state_distance, step_losses

ftmc = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent
stored = np.load(DATA / "adapters.npz")
final = {k.removeprefix("final/"): stored[k] for k in stored if k.startswith("final/")}
random.seed(11)

RESNET = """
import "resnet.ftm"
finetune {name} {{
    model   = resnet18()
    weights = random
    replace fc with linear(classes)
    classes = 5
    {edits}
    transform eval = resize(224, 224), to_rgb(), normalize(imagenet)
    optimizer = sgd(lr = 0.01, momentum = 0.9)
    batch = 32
}}
"""


def logits_of(program, work, *options):
    run(program, "predict", "--data", DATA / "small_images.npy", "--logits", work / "logits.npy", *options)
    return np.load(work / "logits.npy")


def check_reference(work):
    program = compile_program(ftmc, here / "adapters.ftm", work / "adapters")
    runs = []
    for threads in (1, 2, 3):
        runs.append(work / f"t{threads}")
        run(program, "train", "--runs", runs[-1], "--threads", threads, "--init-out", work / "init.safetensors")
    first = newest_run(runs[0])
    files = {(newest_run(r) / "last.safetensors").read_bytes() for r in runs}
    check(len(files) == 1, "1, 2 and 3 threads leave the same file")
    init, trained = read_safetensors(work / "init.safetensors"), read_safetensors(first / "last.safetensors")
    check(all(np.array_equal(init[k], stored[f"init/{k}"]) for k in final), "it begins with the matrices that PEFT began with")
    far = np.max(np.abs(step_losses(first) - stored["losses"]) / stored["losses"])
    check(far < 1e-5, f"20 losses are PEFT's ({far:.1e})")
    far = state_distance(trained, final)
    check(far < 1e-4, f"and so are the matrices ({far:.1e})")
    before = read_safetensors(DATA / "small.safetensors")
    check(set(trained) == set(before) | set(final) and all(np.array_equal(trained[k], before[k]) for k in before),
          "all else comes out as it went in")
    check(set(metadata(first / "last.safetensors")["trained"].split("\n")) == set(final), "the file says what was trained")
    far = relative_difference(logits_of(program, work, "--runs", runs[0]), stored["logits"])
    check(far < 1e-5, f"the logits are PEFT's ({far:.1e})")
    return program, first


def check_resumed(work):
    """Killed anywhere, with an adapter that draws, and phases of which the first leaves it alone."""
    text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("    epochs  = 5\n", "")
    text = text.replace("        test  =", "        validation = 25%\n        test  =")
    body = "    freeze all\n    adapt conv1, conv3 with lora(rank = 4, dropout = 0.5)\n" \
           '    phase head {\n        freeze "**.lora_*"\n        train fc\n        epochs = 2\n    }\n' \
           "    phase both {\n        train fc\n        epochs = 4\n    }\n"
    (work / "drawn.ftm").write_text(text[:text.rindex("}")].replace("small_training", "drawn") + body + "}\n")
    program = compile_program(ftmc, work / "drawn.ftm", work / "drawn")
    options = ["--checkpoint-every", 3]
    run(program, "train", *options, "--runs", work / "uninterrupted")
    whole = newest_run(work / "uninterrupted")
    total = len(log_lines(whole))
    for trial in range(3):
        runs = work / f"killed{trial}"
        target = runs / "drawn-001"
        for moment in sorted(random.randrange(1, total - 1) for _ in range(2)):
            command = ["--resume", target] if target.exists() else [*options, "--runs", runs]
            kill_at([program, "train", *command], target / "log.jsonl", moment, random.random() * 0.004)
        if '"finished"' not in (target / "run.json").read_text():
            run(program, "train", "--resume", target, "--threads", 1 + trial % 3)
        check(same_run(target, whole), "a run that was killed ends with the same files")
    trained = read_safetensors(whole / "last.safetensors")
    check(trained["conv1.lora_B.weight"].any() and trained["conv3.lora_B.weight"].any(), "the second phase trains the adapters")


def check_constant(work, trained):
    """Where weights are constants, a layer and what adapts it are one; and what was trained is taken up."""
    whole = compile_program(ftmc, here / "adapters.ftm", work / "whole", f"--weights={trained}")
    infer = compile_program(ftmc, here / "adapters.ftm", work / "infer", "--infer", "--selftest", f"--weights={trained}")
    for name, program in (("a program with the trained weights", whole), ("one that only predicts", infer)):
        far = relative_difference(logits_of(program, work), stored["logits"])
        check(far < 1e-5, f"{name} has PEFT's logits ({far:.1e})")
    run(infer, "selftest")
    plan = run(ftmc, here / "adapters.ftm", "--infer", "--emit=schedule", f"--weights={trained}")
    plain = run(ftmc, here / "small.ftm", "--infer", "--emit=schedule")
    calls = [re.findall(r"^ +%\d+ = (\w+)\(", text, re.M) for text in (plan, plain)]
    check(calls[0] == calls[1] and calls[0], "it runs the kernels that one without adapters does")
    merged = work / "merged.safetensors"
    run(ftmc, "merge", here / "adapters.ftm", f"--weights={trained}", "-o", merged)
    before, after, ours = read_safetensors(DATA / "small.safetensors"), read_safetensors(merged), read_safetensors(trained)
    moved = {"conv1.weight": 2, "conv3.weight": 2, "fc.weight": 1.5}  # alpha / rank
    check(set(after) == set(before) and all(np.array_equal(after[k], before[k]) for k in before if k not in moved),
          "a merged file has the tensors that training began with")
    for name, scale in moved.items():
        a, b = (ours[name.replace("weight", f"lora_{m}.weight")].astype(np.float64) for m in "AB")
        want = before[name] + scale * (b.reshape(len(b), -1) @ a.reshape(len(a), -1)).reshape(before[name].shape)
        check(np.array_equal(after[name], want.astype(np.float32)), f"and {name} with its change")
    plain = compile_program(ftmc, here / "small.ftm", work / "plain", f"--weights={merged}")
    far = relative_difference(logits_of(plain, work), stored["logits"])
    check(far < 1e-5, f"the network without adapters has PEFT's logits with it ({far:.1e})")
    check("E0637" in run(ftmc, "merge", here / "small.ftm", f"--weights={trained}", "-o", work / "no", code=1), "without adapters there is nothing to merge")
    check("the run that was trained" in run(ftmc, "merge", here / "adapters.ftm", "-o", work / "no", code=1), "nor without a run")
    run(whole, "train", "--runs", work / "on", "--epochs", 1)
    check(step_losses(newest_run(work / "on"))[0] < stored["losses"][0], "training goes on from there")


def check_cost(work):
    """No gradient of a frozen weight's shape, and the memory of a step."""
    sizes, shapes = {}, {}
    for name, edits in (("full", ""), ("lora", 'freeze all\n    adapt type(conv2d) with lora(rank = 8, alpha = 16)\n    train fc')):
        (work / f"{name}.ftm").write_text(RESNET.format(name=name, edits=edits))
        said = run(ftmc, "explain", work / f"{name}.ftm")
        sizes[name] = [float(re.search(rf"{what} +([\d.]+) MB", said)[1]) for what in ("workspace", "constants")]
        graph = run(ftmc, work / f"{name}.ftm", "--emit=graph")
        train = graph[graph.index("func train"):]
        shapes[name] = set(re.findall(r"conv2d_grad_weight\S*\(.*: f32(\[[\d, ]+\])", train))
    frozen = {f"[{o}, {i}, 3, 3]" for o, i in ((64, 64), (128, 64), (128, 128), (256, 128), (256, 256), (512, 256), (512, 512))} | {"[64, 3, 7, 7]"}
    check(frozen <= shapes["full"] and not frozen & shapes["lora"], "no gradient of a frozen weight's shape is made")
    check({"[8, 512, 3, 3]", "[512, 8, 1, 1]", "[8, 3, 7, 7]"} <= shapes["lora"], "those of the adapters are")
    part = sum(sizes["lora"]) / sum(sizes["full"])
    check(part < 0.8, f"a step on ResNet-18 takes {100 * part:.0f} % of the memory of training all, constants included")


def check_peft(work, trained):
    """The files that PEFT loads; whether it does, where it is present."""
    run(ftmc, here / "adapters.ftm", "--emit=peft", "-o", work / "for_peft", f"--weights={trained}")
    tensors = read_safetensors(work / "for_peft" / "adapter_model.safetensors")
    check(set(tensors) == {f"base_model.model.{k}" for k in final}, "an adapter file has PEFT's names")
    run(ftmc, here / "adapters.ftm", "--emit=peft", "-o", work / "for_peft", f"--weights={trained}")  # over the first
    text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("small_training", "head")
    body = "    freeze all\n    adapt conv1 with lora(rank = 4, alpha = 8)\n    adapt conv3 with lora(rank = 2, alpha = 7)\n    train fc, bn2\n"
    (work / "head.ftm").write_text(text[:text.rindex("}")] + body + "}\n")
    head = compile_program(ftmc, work / "head.ftm", work / "head")
    run(head, "train", "--runs", work / "head-runs")
    best = newest_run(work / "head-runs") / "best.safetensors"
    run(ftmc, work / "head.ftm", "--emit=peft", "-o", work / "head_for_peft", f"--weights={best}")
    check("E0638" in run(ftmc, work / "head.ftm", "--emit=peft", "-o", work / "no", code=1), "without a run there is nothing to write")
    check("E0639" in run(ftmc, work / "head.ftm", "--emit=peft", "-D", "train=conv1", "-o", work / "no", code=1),
          "a weight that trains beside its adapter has no place")
    check("E0637" in run(ftmc, here / "small.ftm", "--emit=peft", "-o", work / "no", code=1), "nor has what is not adapted")
    check(not (work / "no").exists(), "and then nothing is left")
    try:
        import peft
        import torch
        from safetensors.torch import load_file
    except ImportError:
        print("PEFT is not here: nothing loads the files")
        return
    sys.path.insert(0, str(ROOT / "tests/tools"))
    from small_network import Small
    images = torch.from_numpy(np.load(DATA / "small_images.npy"))
    for folder, want in (("for_peft", stored["logits"]), ("head_for_peft", logits_of(head, work, "--runs", work / "head-runs"))):
        net = Small()
        net.load_state_dict(load_file(DATA / "small.safetensors"))
        model = peft.PeftModel.from_pretrained(net, work / folder).eval()
        with torch.no_grad():
            far = relative_difference(model(images).numpy(), want)
        check(far < 1e-5, f"PEFT loads {folder} and computes the same logits ({far:.1e})")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    _, run_folder = check_reference(work)
    check_constant(work, run_folder / "best.safetensors")
    check_peft(work, run_folder / "best.safetensors")
    check_resumed(work)
    check_cost(work)
