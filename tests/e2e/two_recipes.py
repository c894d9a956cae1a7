"""Two recipes of one folder that have one network and learn from other data: each takes its own runs, and another's only when it is told.
A program that is copied elsewhere: what it says without its runs, and how the trained weights get into it."""
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np

from support import both, check, compile_program, run, write_png

RECIPE = """
model net(image: f32[1, 4, 4], classes = 7) {
    output logits = fc: linear(flatten(image), classes)
}

finetune NAME {
    model   = net()
    weights = random
    replace fc with linear(classes)
    labels  = ["left", "right"]
    data {
        train = npy(images = "DATA.npy", labels = "labels.npy")
        test  = npy(images = "DATA.npy", labels = "labels.npy")
        validation = 50%
    }
    transform eval = resize(4, 4), to_grey(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.3)
    epochs = 5
    batch  = 4
}
"""
ftmc = sys.argv[1]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    labels = np.arange(40, dtype=np.int32) % 2
    images = np.zeros((40, 4, 4), np.uint8)
    for i in range(40):
        images[i, :, 3 * labels[i]] = 200 + i  # "left" is bright on its left side
    np.save(work / "sides.npy", images)
    np.save(work / "mirrored.npy", images[:, :, ::-1])  # what the other recipe calls left is bright on its right
    np.save(work / "labels.npy", labels)
    left = work / "left.png"
    write_png(left, images[0])

    def build(name, data, file=None, *options):
        recipe = work / f"{file or name}.ftm"
        recipe.write_text(RECIPE.replace("NAME", name).replace("DATA", data))
        return compile_program(ftmc, recipe, work / (file or name), *options)

    def rows(program):
        return {r["number"]: r for r in json.loads(run(program, "runs", "--json"))}

    def answer(program, *options):
        out, said = both(program, "predict", left, *options)
        return out.split(": ")[1].split()[0], said

    one, two = build("one", "sides"), build("two", "mirrored")
    run(one, "train")
    check(both(two, "predict", left, code=1)[1].count("run 1 (one-001) is of the recipe 'one', which has the same network: --run 1 takes it"),
          "a recipe without a run of its own does not take another's, but names it")
    run(two, "train")
    first, said = answer(one)
    check(first == "left" and "one-001" in said and "recipe" not in said, "one takes its own run, though that of two is newer")
    check(answer(two)[0] == "right", "two takes its own")
    check(json.loads(run(one, "eval", "--json"))["accuracy"] == 1, "one is measured with its own weights")
    first, said = answer(one, "--run", 2)
    check(first == "right" and "run 2 (two-002) is of the recipe 'two': data.train.images \"mirrored.npy\"" in said, "told, it takes another's and says so")
    check([rows(p)[n]["current"] for p in (one, two) for n in (1, 2)] == [True, False, False, True], "each has a current run of its own")
    check(rows(one)[2]["differs"].startswith("recipe two: data.train.images") and rows(one)[2]["program"] == "two", "runs says whose a run is")

    # `use` of one changes nothing for the other, also where it takes the other's run.
    run(one, "train", "--seed", 3)
    run(one, "use", 1)
    check(rows(two)[2]["current"] and not rows(two)[1]["current"], "use of one leaves the other's current run")
    run(two, "use", 1)
    check(rows(one)[1]["current"] and rows(two)[1]["current"] and answer(two)[0] == "left", "a run may be current for both")
    run(two, "use", 2)
    check(rows(one)[1]["current"] and answer(two)[0] == "right", "and stays so for one of them")
    (work / "runs/one-001/current").write_bytes(b"")
    check(rows(one)[1]["current"] and not rows(two)[1]["current"], "a mark without names is that of the run's own recipe")
    run(one, "train", "--name", "try")
    run(two, "train", "--name", "try")
    check("one-004" in answer(one, "--run", "try")[1] and "two-005" in answer(two, "--run", "try")[1], "a name that both use means each one's own")

    # A recipe whose rate is another sees its runs; one whose data is another says so.
    (work / "rate").mkdir()
    shutil.copytree(work / "runs", work / "rate/runs")
    for name in ("sides.npy", "mirrored.npy", "labels.npy"):
        shutil.copy(work / name, work / "rate")
    work = work / "rate"
    rate = build("one", "mirrored", "changed")
    first, said = answer(rate, "--run", 1)
    check(first == "left" and "run 1 (one-001) was trained on other data than this recipe has now: data.train.images \"sides.npy\"" in said,
          "the same name with other data: said")
    first, said = answer(rate)
    check(first == "left" and "no run is current for this recipe and its data; run 1 is taken" in said and "other data" in said,
          "where no run has trained on that data, what was current is taken, and said")
    copied = build("one", "sides", "copied")
    said = both(rate, "train")[1]
    check("run 6 is current" in said, "its first run on that data is current")
    check(answer(rate)[0] == "right" and "one-006" in answer(rate)[1], "and is taken")
    first, said = answer(copied)
    check(first == "left" and "one-001" in said and "recipe" not in said, "a copy of the recipe with the other data keeps its own, under the same name")
    check([rows(p)[n]["current"] for p in (copied, rate) for n in (1, 6)] == [True, False, False, True], "as its current one")
    text = (work / "changed.ftm").read_text().replace("lr = 0.3", "lr = 0.2").replace("mirrored", "sides")
    (work / "changed.ftm").write_text(text)
    rate = compile_program(ftmc, work / "changed.ftm", work / "changed")
    first, said = answer(rate)
    check(first == "left" and "other data" not in said and "one-001" in said, "another rate is the same recipe")

    # Compiled where runs are: they stay there, which is said with what puts them into a program.
    said = run(ftmc, work / "changed.ftm", "-o", work / "again", notes=True)
    best = work / "runs/one-001/best.safetensors"
    check(f"the trained weights stay in {best}, where '{work}/again' finds them" in said, "compiling says that runs are not in the program")
    command = said.split("put them into it: ")[1].split("\n")[0]
    check(command == f"ftmc {work}/changed.ftm -o {work}/again --weights={best}", "with the command")
    far = work / "far away"
    far.mkdir()
    shutil.copy(work / "again", far)
    said = both(far / "again", "predict", left, code=1)[1]
    check(f"`'{far}/again' train` first" in said and f"there are no runs in {far}/runs" in said and "copy runs/, too" in said,
          "without runs the copy says what to do, and names itself as it was called")
    said = run(ftmc, *command.split()[1:], notes=True)
    check(f"has the trained weights of {best} in it" in said, "a trained file of the network is taken whole")
    shutil.copy(work / "again", far)
    out, said = both(far / "again", "predict", left)
    check(": left 0." in out, "the copy answers as the original")
    check(out.split()[-1] == both(rate, "predict", left)[0].split()[-1], "with the same number")
    check("weights best.safetensors (trained, in the program)" in both(far / "again", "predict", left)[1], "and says that they are trained")

    # Trained weights in the program are measured as those of a run are, and no trial takes their place.
    baked = far / "again"
    for data in ("sides", "labels"):
        shutil.copy(work / f"{data}.npy", far)
    text = (work / "changed.ftm").read_text().replace('        test  = npy(images = "sides.npy", labels = "labels.npy")\n', "")
    (far / "again.ftm").write_text(text)
    run(ftmc, far / "again.ftm", "-o", baked, f"--weights={best}")
    (far / "other").mkdir()
    np.save(far / "other/sides.npy", images[:10])
    np.save(far / "other/labels.npy", labels[:10])
    own = json.loads(run(baked, "eval", "--json"))
    check(own["split"] == "validation" and own["samples"] < 40 and own["epoch_chosen_on_it"], "the share of its own data, on which the epoch was chosen")
    check("(the epoch was chosen on it: new samples will do worse)" in run(baked, "eval"), "which is said")
    other = json.loads(run(baked, "eval", "--json", "--data", far / "other"))
    check(other["split"] == "all" and other["samples"] == 10 and not other["epoch_chosen_on_it"], "all of other data")
    check("all  (not the data that it was trained on)" in run(baked, "eval", "--data", far / "other"), "which is said")
    last = best.with_name("last.safetensors")
    run(ftmc, far / "again.ftm", "-o", far / "last", f"--weights={last}")
    check(not json.loads(run(far / "last", "eval", "--json"))["epoch_chosen_on_it"], "a last epoch was not chosen")
    answered = both(baked, "predict", left)
    for options in (("--steps", 1), ("--name", "try")):
        said = both(baked, "train", *options)[1]
        check("the trained weights in the program stay: run " in said and "is a trial; `" in said and " use " in said, f"train {' '.join(map(str, options))} says what stays")
        check(both(baked, "predict", left) == answered, "and it stays")
    run(baked, "use", 1)
    check("runs/one-001/best.safetensors" in both(baked, "predict", left)[1], "until a trial is made current")
    (far / "runs/one-001/current").unlink()
    said = both(baked, "train", "--epochs", 2)[1]
    check("run 3 is current: eval and predict take it, not the trained weights in the program" in said, "or a whole run ends")
    said = both(baked, "train", "--steps", 1)[1]
    check("run 3 (" in said and "stays current: run 4 is a trial" in said, "which no trial replaces")
    other = (work / "changed.ftm").read_text().replace('["left", "right"]', '["right", "left"]')
    (work / "swapped.ftm").write_text(other)
    said = run(ftmc, work / "swapped.ftm", "-o", work / "swapped", f"--weights={best}", notes=True)
    check("has the trained weights of" in said, "a list of classes in another order takes the rows by their names")
    out, said = both(work / "swapped", "predict", left, "--runs", work / "none")
    check(": left 0." in out and "trained, in the program" in said, "and answers alike")
    (work / "others.ftm").write_text((work / "changed.ftm").read_text().replace('["left", "right"]', '["up", "down"]'))
    said = run(ftmc, work / "others.ftm", "-o", work / "others", f"--weights={best}", notes=True)
    check("is new: the file was trained for other classes" in said, "of other classes no new layer is taken")
    check("not trained yet" in run(work / "others", "predict", left, "--runs", work / "none", code=1), "so it must be trained")

    # The gate compares what was measured on the same data.
    run(one, "eval", "--run", 1)
    run(one, "eval", "--run", 1, "--no-worse-than", 1)
    run(two, "eval", "--run", 2)
    said = run(two, "eval", "--no-worse-than", 1, code=1)
    check("run 1 (one-001) was measured on other data, and these samples are known by their numbers alone" in said, "numbers of other data are refused")
