"""group PATTERNS { ... }: the step of a parameter in a group is that of a recipe whose optimizer has the factors' values."""
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, relative_difference, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
ADAMW = "adamw(lr = {lr}, weight_decay = {decay})"
SGD = "sgd(lr = {lr}, momentum = 0.9, weight_decay = {decay}, nesterov = true)"
IN_GROUP = ("conv1.weight", "bn2.weight", "bn2.bias", "fc.bias")
OTHERS = ("conv2.weight", "conv3.weight", "fc.weight")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)

    def trained(name, optimizer, groups="", *options):
        source = text[:text.index("    optimizer")] + f"    optimizer = {optimizer}\n{groups}" + text[text.index("    schedule"):]
        (work / f"{name}.ftm").write_text(source)
        program = compile_program(ftmc, work / f"{name}.ftm", work / name)
        run(program, "train", "--runs", work / f"{name}-runs", "--steps", 1, *options)
        return read_safetensors(newest_run(work / f"{name}-runs") / "last.safetensors")

    before = read_safetensors(DATA / "small.safetensors")
    groups = '    group conv1, type(batch_norm), "fc.bias" { lr = 0.25x, weight_decay = 0 }\n'
    for name, optimizer in (("sgd", SGD), ("adamw", ADAMW)):
        mixed = trained(f"{name}_mixed", optimizer.format(lr=0.5, decay=0.25), groups)
        group = trained(f"{name}_group", optimizer.format(lr=0.125, decay=0))
        rest = trained(f"{name}_rest", optimizer.format(lr=0.5, decay=0.25))
        for names, other, others in ((IN_GROUP, group, rest), (OTHERS, rest, group)):
            far = max(relative_difference(mixed[k] - before[k], other[k] - before[k]) for k in names)
            check(far < 1e-6, f"{name}: {', '.join(names)} move as with their own values ({far:.1e})")
            check(all(not np.allclose(mixed[k], others[k], rtol=1e-6) for k in names), "and not as the others")
        slower = trained(f"{name}_mixed", optimizer.format(lr=0.5, decay=0.25), groups, "--lr", 0.25)
        low = trained(f"{name}_low", optimizer.format(lr=0.0625, decay=0))
        check(max(relative_difference(slower[k] - before[k], low[k] - before[k]) for k in IN_GROUP) < 1e-6, f"{name}: --lr is of all")

    # Values of their own are shares of the optimizer's.
    own = 'group conv1, type(batch_norm), "fc.bias" { lr = 0.125, weight_decay = 0.0625 }\n'
    shares = 'group conv1, type(batch_norm), "fc.bias" { lr = 0.25x, weight_decay = 0.25x }\n'
    for name, more in (("values", ""), ("decayed", "    lr_decay = 0.5\n")):
        a = trained(f"own_{name}", SGD.format(lr=0.5, decay=0.25), f"    {own}{more}")
        b = trained(f"shares_{name}", SGD.format(lr=0.5, decay=0.25), f"    {shares}{more}")
        check(all(a[k].tobytes() == b[k].tobytes() for k in b), f"{name} of groups have the bits of their shares")
    resolved = run(ftmc, "check", "--resolved", work / "own_values.ftm")
    check("{ lr = 0.125, weight_decay = 0.0625 }" in resolved, "check --resolved prints them as they are written")

    # lr_decay: the groups that one would write
    by_hand = ('    group conv1, bn1 { lr = 0.125x }\n    group conv2, bn2 { lr = 0.25x }\n    group conv3, bn3 { lr = 0.5x }\n')
    hand = trained("by_hand", SGD.format(lr=0.5, decay=0.25), by_hand)
    decay = trained("decay", SGD.format(lr=0.5, decay=0.25), "    lr_decay = 0.5\n")
    check(all(hand[k].tobytes() == decay[k].tobytes() for k in hand), "lr_decay has the bits of the groups written by hand")
    said = run(ftmc, "explain", work / "decay.ftm")
    check("block conv1: 580 parameters trained, learning rate times 0.125" in said and "block fc" not in said, "explain lists them")
    both_ways = trained("both_ways", SGD.format(lr=0.5, decay=0.25), '    lr_decay = 0.5\n    group "**.bias" { lr = 2x, weight_decay = 0 }\n')
    written = trained("written", SGD.format(lr=0.5, decay=0.25), '    group conv1, "bn1.weight" { lr = 0.125x }\n    group "bn1.bias" { lr = 0.25x, weight_decay = 0 }\n    '
                      'group conv2, "bn2.weight" { lr = 0.25x }\n    group "bn2.bias" { lr = 0.5x, weight_decay = 0 }\n    group "conv3.weight", "bn3.weight" { lr = 0.5x }\n    '
                      'group "conv3.bias", "bn3.bias" { lr = 1x, weight_decay = 0 }\n    group "fc.bias" { lr = 2x, weight_decay = 0 }\n')
    check(all(both_ways[k].tobytes() == written[k].tobytes() for k in written), "and its factors multiply with a group's")
