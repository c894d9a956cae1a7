"""Head first, then all, then a program that only predicts: one recipe, which is not rewritten."""
import hashlib
import os
import pathlib
import sys
import tempfile

import numpy as np

from support import DATA, ROOT, both, check, compile_program, metadata, read_safetensors, relative_difference, run, write_safetensors

ftmc = sys.argv[1]
WITHOUT_FOLD = "freeze,canonicalize,decompose,backward,collapse,cse,dce,select,layout,fuse"
here = pathlib.Path(__file__).resolve().parent
text = (here / "small.ftm").read_text().replace('"data/', f'"{DATA}/').replace("    schedule", "    replace fc with linear(classes)\n    freeze all\n    train fc\n    schedule")


def logits(program, *options):
    """What a program answers to the stored images."""
    run(program, "predict", "--data", DATA / "small_images.npy", "--logits", work / "logits.npy", *options)
    return np.load(work / "logits.npy")


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "small.ftm").write_text(text)
    head = compile_program(ftmc, work / "small.ftm", work / "head")
    first = work / "head.safetensors"
    run(head, "train", "--out", first)
    check(metadata(first)["added"] == "fc.weight\nfc.bias", "the trained file says what its recipe had added")

    # Then all of it, from there.
    every = work / "every"
    said = run(ftmc, work / "small.ftm", "-o", every, "-D", "train=all", f"--weights={first}", notes=True)
    check("has the trained weights of" in said, "the whole file is taken up")
    check(logits(every).tobytes() == logits(head, "--weights", first).tobytes() or
          relative_difference(logits(every), logits(head, "--weights", first)) < 1e-6, "before a step it answers alike")
    second = work / "every.safetensors"
    run(every, "train", "--out", second, "--lr", 0.001)
    moved = {k for k, v in read_safetensors(second).items() if v.tobytes() != read_safetensors(first)[k].tobytes()}
    check({"conv1.weight", "fc.weight"} <= moved, "and all of it trains on")

    # Then a program that only predicts.
    reference = logits(every, "--weights", second)
    infer = work / "infer"
    run(ftmc, work / "small.ftm", "-o", infer, "--infer", f"--weights={second}")
    folded = logits(infer)
    check(relative_difference(folded, reference) < 1e-5, f"its logits are those of the second ({relative_difference(folded, reference):.1e})")
    run(ftmc, work / "small.ftm", "-o", work / "bits", "--infer", f"--weights={second}", "--emit=exe", f"--passes={WITHOUT_FOLD}")
    check(logits(work / "bits").tobytes() == reference.tobytes(), "the same bits where no norm is folded")
    check(run(infer, "eval", "--json") != "" and "all checks passed" in run(infer, "selftest"), "it measures and tests itself")
    for command in ("train", "runs", "use", "compare"):
        said = both(infer, command, code=2)[1]
        check(f"'{command}' is not in this program, which was compiled with --infer" in said, f"{command}: is absent, and says why")
    check("train" not in run(infer, "--help").split(), "--help lists what there is")
    said = run(infer, "predict", "--data", DATA / "small_images.npy", "--weights", first, code=1)
    check("only predicts, with the weights that it was compiled with" in said, "other weights are refused")
    check(infer.stat().st_size < every.stat().st_size, f"it is smaller: {infer.stat().st_size} and {every.stat().st_size} bytes")

    # Layers that stay open take what a later training makes of them.
    open_head = work / "open"
    run(ftmc, work / "small.ftm", "-o", open_head, "--infer", "--keep", "fc", f"--weights={first}")
    other = work / "other.safetensors"
    run(head, "train", "--out", other, "--seed", 7, "--name", "try")
    check(relative_difference(logits(open_head), logits(head, "--weights", first)) < 1e-5, "--keep: it begins with the weights in it")
    check(relative_difference(logits(open_head, "--weights", other), logits(head, "--weights", other)) < 1e-5, "and takes another head")
    check(logits(head, "--weights", other).tobytes() != logits(head, "--weights", first).tobytes(), "which is another")
    said = both(open_head, "predict", "--data", DATA / "small_images.npy", "--weights", other)[1]
    check("of another network" not in said, "of which nothing is said")
    said = run(open_head, "predict", "--data", DATA / "small_images.npy", "--weights", second, code=1)
    check("the frozen tensor 'conv1.weight' differs from the program's" in said, "where other layers were trained, too, it is refused")
    check("as they were compiled" in run(open_head, "selftest"), "its constants are compared with what was compiled")
    tensors, code = read_safetensors(second), bytearray(infer.read_bytes())
    check(tensors["bn1.running_mean"].tobytes() not in code, "what constants are only made of is not in the program")
    code[code.find(tensors["fc.bias"].tobytes())] ^= 1
    damaged = work / "damaged"
    damaged.write_bytes(code)
    damaged.chmod(0o755)
    check("NOT as they were compiled" in both(damaged, "selftest", code=1)[0], "and a bit of them that turns over is found")

    # Only what training changed: with its source it is as good as the whole.
    def saving(word, weights=DATA / "small.safetensors"):
        """A trained file of the recipe with that word behind `save`, and its program."""
        (work / f"{word}.ftm").write_text(text.replace("    schedule", f"    save = {word}\n    schedule").replace(f"{DATA}/small.safetensors", str(weights)))
        program = compile_program(ftmc, work / f"{word}.ftm", work / word)
        run(program, "train", "--out", work / f"{word}.safetensors")
        return program, work / f"{word}.safetensors"

    changed, part = saving("changed")
    check(set(read_safetensors(part)) == {"fc.weight", "fc.bias"}, "save = changed writes the new head alone")
    check(metadata(part)["source_sha256"] == hashlib.sha256((DATA / "small.safetensors").read_bytes()).hexdigest(), "and names its source by its hash")
    wanted = logits(head, "--weights", first)
    check(logits(changed, "--weights", part).tobytes() == wanted.tobytes() == logits(head, "--weights", part).tobytes(), "programs of that source take it")
    check(logits(changed).tobytes() == wanted.tobytes() and "all checks passed" in run(changed, "selftest"), "and that of a run")
    run(changed, "train", "--from", part, "--steps", 1, "--name", "try")
    run(ftmc, work / "small.ftm", "-o", work / "baked", "--infer", f"--weights={part}")
    check(relative_difference(logits(work / "baked"), wanted) < 1e-5, "a program is compiled with it, and the recipe's weights")
    run(ftmc, "merge", part, "--weights", DATA / "small.safetensors", "-o", work / "whole.safetensors")
    whole, reference = read_safetensors(work / "whole.safetensors"), read_safetensors(first)
    check(whole.keys() == reference.keys() and all(whole[k].tobytes() == v.tobytes() for k, v in reference.items()), "merge makes the whole file")
    said = run(every, "eval", "--weights", part, code=1)
    check("holds only what training changed, in the weights" in said, "a program that was compiled with other weights refuses it by the hash")

    # A second stage that keeps only what it changes, in the weights of the first one's run: not in those of the recipe.
    (work / "runs/first").mkdir()
    (work / "runs/first/best.safetensors").write_bytes(second.read_bytes())
    chain = compile_program(ftmc, work / "changed.ftm", work / "chain", f"--weights={work}/runs/first")
    run(chain, "train", "--out", work / "chain.safetensors", cwd=work)
    check(metadata(work / "chain.safetensors")["source"] == "runs/first", "a file says that its source is a run")
    run(ftmc, work / "changed.ftm", "-o", work / "chained", f"--weights={work}/chain.safetensors")
    check(logits(work / "chained").tobytes() == logits(chain, "--weights", work / "chain.safetensors").tobytes(), "and is taken up with that")
    (work / "runs/first").rename(work / "gone")
    said = run(ftmc, work / "changed.ftm", "-o", work / "chained", f"--weights={work}/chain.safetensors", code=1)
    check("its source, 'runs/first', has the SHA-256" in said, "or it is said which is wanted")
    said = run(ftmc, work / "changed.ftm", "-o", work / "chained", f"--weights={work}/runs/first", code=1)
    check("runs/first: No such file or directory" in said, "a run that is not there")

    # In the types of the source, which may be of half precision.
    half = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in read_safetensors(DATA / "small.safetensors").items()}
    write_safetensors(work / "half.safetensors", half)
    program, rounded = saving("as_source", work / "half.safetensors")
    kept = read_safetensors(rounded)
    check(kept["conv1.weight"].tobytes() == half["conv1.weight"].tobytes() and kept["fc.weight"].dtype == np.float32, "save = as_source: what is frozen stays, what is new is F32")
    every = compile_program(ftmc, work / "as_source.ftm", work / "half", "-D", "train=all")
    run(every, "train", "--out", rounded, "--lr", 0.001)
    kept = read_safetensors(rounded)
    check(kept["conv1.weight"].dtype == np.float16 and kept["conv1.weight"].tobytes() != half["conv1.weight"].tobytes(), "what is trained has the source's type")
    check(np.isfinite(logits(every, "--weights", rounded)).all(), "and is read back")
    program, both_ways = saving("changed_as_source", work / "half.safetensors")
    every = compile_program(ftmc, work / "changed_as_source.ftm", work / "both", "-D", "train=all", "-D", "optimizer.weight_decay=0")
    run(every, "train", "--out", both_ways, "--lr", 1e-12, "--steps", 1)
    kept = read_safetensors(both_ways)
    check("fc.weight" in kept and kept["bn1.num_batches_tracked"] == 1 and
          all(k not in kept or kept[k].dtype == half[k].dtype and kept[k].tobytes() != half[k].tobytes() for k in half if not k.startswith("fc.")),
          "save = changed_as_source: types of the source, and nothing that has its bits")
    check("conv1.weight" not in kept, "as what moves by less than half precision tells")
    run(ftmc, "merge", both_ways, f"--weights={work}/half.safetensors", "-o", work / "whole_half.safetensors")
    check(read_safetensors(work / "whole_half.safetensors")["conv1.weight"].tobytes() == half["conv1.weight"].tobytes(), "merge has it again")
    check(logits(every, "--weights", both_ways).tobytes() == logits(every, "--weights", work / "whole_half.safetensors").tobytes(), "a program answers alike with either")

    # A recipe that freezes all of a published network has nothing to train, and can be compiled so.
    (work / "published.ftm").write_text(text.replace("replace fc with linear(classes)", "").replace("train fc", ""))
    run(ftmc, "check", work / "published.ftm", code=1)
    run(ftmc, work / "published.ftm", "-o", work / "published", "--infer")
    check("(pretrained)" in both(work / "published", "predict", "--data", DATA / "small_images.npy")[1], "a network as published")
    run(ftmc, work / "small.ftm", "-o", work / "untrained", "--infer")
    said = run(work / "untrained", "predict", "--data", DATA / "small_images.npy", code=1)
    check("its new layers were never trained" in said, "one with a new layer asks for a trained file")

    # How much of a program is not weights: no runs, nothing that trains. With weights of a file the tables have 7 KB more.
    if "-fsanitize" not in os.environ.get("RUNTIME_CC", ""):
        run(ftmc, ROOT / "examples/digits/digits.ftm", "-o", work / "digits", "--infer", "-D", "weights=random")
        weights = next(int(line.split()[1]) for line in run("size", "-A", work / "digits").splitlines() if line.startswith(".ftm_blob"))
        rest = int(run("size", work / "digits").splitlines()[1].split()[0]) - weights
        check(rest < 400_000 - 7_000, f"the digits' program that only predicts has {rest} bytes besides its weights")
