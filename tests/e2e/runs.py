"""Runs belong to a network: what a program takes by default and by number, what it says of others, which run is current."""
import json
import pathlib
import re
import sys
import tempfile

import numpy as np

from support import both, check, compile_program, metadata, run, write_png

RECIPE = """
model net(image: f32[1, 4, 4], classes = 3) {
    output logits = fc: linear(flatten(image), classes)
}

finetune NAME {
    model   = net()
    weights = random
    labels  = ["cat", "dog", "fox"]
    data {
        train = npy(images = "images.npy", labels = "labels.npy")
        test  = npy(images = "images.npy", labels = "labels.npy")
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
    images, labels = np.zeros((60, 4, 4), np.uint8), np.arange(60, dtype=np.int32) % 3
    for i in range(60):
        images[i, labels[i]] = 255
        images[i, 3] = i  # equal ones would validate together
    np.save(work / "images.npy", images)
    np.save(work / "labels.npy", labels)
    write_png(work / "cat.png", images[0])

    def build(name, *edits, recipe=RECIPE):
        text = recipe.replace("NAME", name)
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (work / f"{name}.ftm").write_text(text)
        return compile_program(ftmc, work / f"{name}.ftm", work / name)

    def rows(program, *options):
        return {r["number"]: r for r in json.loads(run(program, "runs", "--json", *options))}

    program = build("s")
    check("no runs" in run(program, "runs"), "no runs yet")
    _, said = both(program, "train", "--steps", 1, "--runs", work / "trial")
    check("run 1 is a trial: it is not current" in said and " use 1` makes it so" in said, "a first run that is a trial")
    _, said = both(program, "predict", work / "cat.png", "--runs", work / "trial")
    check("run 1 is taken (a trial, finished)" in said, "is called one where it is taken")
    _, said = both(program, "train")
    check("run 1 is current" in said, "a finished run becomes current, and that is said")
    record = json.loads((work / "runs/s-001/run.json").read_text())
    facts = metadata(work / "runs/s-001/best.safetensors")
    keys = [f"{part}_hash" for part in ("graph", "weights", "transform", "classes", "recipe")]
    check(all(record[k] == facts[k] and len(record[k]) == 16 for k in keys), "record and trained file name the network alike")
    check(facts["recipe"] == run(program, "info", "--recipe"), "the file has the recipe")
    check(record["best"]["validation_accuracy"] == 1 and record["last"]["epoch"] == 5 and record["outcome"] == "finished",
          "the record has the final figures")
    out, said = both(program, "predict", work / "cat.png")
    check(out.startswith(f"{work}/cat.png: cat 0.") and "runs/s-001/best.safetensors" in said, "predict says which file it took")

    # Which one is current.
    _, said = both(program, "train", "--lr", "0.0001")
    check("run 1 (100.00 %) stays current: run 2 has " in said and " use 2`" in said, "a worse one does not replace it")
    _, said = both(program, "train", "--steps", 1)
    check("stays current: run 3 is a trial" in said, "nor does a smoke run")
    _, said = both(program, "train", "--name", "try")
    check("stays current: run 4 is a trial" in said, "nor a try")
    check([n for n, r in rows(program).items() if r["current"]] == [1], "the first is current")
    table = run(program, "runs").splitlines()
    check(table[1].startswith("*    1") and "100.00 %" in table[1] and "--lr 0.0001" in table[2] and "--steps 1" in table[3] and
          " try " in table[4], "the table says what differs")
    check("run 2" in run(program, "use", 2) and rows(program)[2]["current"] and not rows(program)[1]["current"], "use changes it")
    check("s-002/best" in json.loads(run(program, "eval", "--json"))["weights"], "eval takes it")
    check("s-001/best" in json.loads(run(program, "eval", "--json", "--run", 1))["weights"], "--run takes another")
    check("s-004/best" in json.loads(run(program, "eval", "--json", "--run", "try"))["weights"], "by its name")
    check("no run of that number" in run(program, "eval", "--run", 9, code=1), "one that is not there")
    both(program, "train", "--seed", 7)
    check(rows(program)[5]["current"], "a run on another split becomes current: they cannot be compared")
    (work / "runs/s-005/current").unlink()
    (work / "runs/s-005").rename(work / "elsewhere")
    _, said = both(program, "predict", work / "cat.png")
    check("no run is current for this recipe; run 4 is taken" in said and "s-004" in said, "without a current one the newest is taken, and that is said")
    run(program, "use", 1)

    # Two runs compared, on the samples that both have.
    said = run(program, "compare", 1, 2)
    check("--lr" in said and "- | 0.0001" in said, "compare prints the options that differ")
    pairs = [l.split() for l in said.splitlines() if l.endswith(" all")]
    one, two = (json.loads((work / f"runs/s-00{n}/run.json").read_text())["best"]["validation_accuracy"] for n in (1, 2))
    check(len(pairs) == 2 and pairs[0][0] == f"{100 * one:.2f}" and pairs[0][2] == f"{100 * two:.2f}", "and both accuracies on the same samples")
    check("only run 1 " in said and "with probability" in said and " cat\n" in said, "by class, with what chance would do")
    for number in (1, 2):
        run(program, "eval", "--run", number)
    page = work / "both.html"
    check(run(program, "compare", 1, 2, "--out", page) == said, "with a page it prints the same")
    text = page.read_text()
    check("- | 0.0001" in said and "<td>--lr</td><td>-</td><td>0.0001</td>" in text, "the page has the options that differ")
    check("probability <b>" + said.split("with probability ")[1].split()[0] + "</b>" in text, "and how probable the difference is")
    check(text.count("<svg") >= 2 and "s-001" in text and "s-002" in text and "<script" not in text and "src=" not in text, "curves of both, and nothing that is loaded")
    run(program, "compare", 1, 2, "--out", work / "nowhere" / "both.html", code=1)
    said = run(program, "compare", 1, work / "runs/s-002")
    check("\ntest: 60 samples" in said, "on the test data, too, once both were measured")
    check("recipes and options are the same" in run(program, "compare", 1, 1), "a run and itself")
    run(program, "compare", 1, code=2)
    run(program, "eval", "--run", 1, "--no-worse-than", 2)
    check("worse than run 1" in run(program, "eval", "--run", 2, "--no-worse-than", 1, code=1), "a worse one fails the gate")
    check("measure that run first" in run(program, "eval", "--run", 1, "--no-worse-than", 3, code=1), "a run that was not measured")

    # A run's folder as the weights of a recipe.
    again = build("again", ("weights = random", 'weights = "runs/s-001"'))
    result = json.loads(run(again, "eval", "--json", "--runs", work / "none"))
    check(result["accuracy"] == 1 and "(pretrained)" in result["weights"], "a recipe takes the folder of a run as its weights")

    # How long it will take, without a trace.
    before = sorted((work / "runs").iterdir())
    out, _ = both(program, "train", "--dry-run", "--epochs", 1000)
    check(re.search(r"about \d+:\d\d for \d+000 steps in 1000 epochs: .* s a step, .* s for validation", out), "a dry run says the time")
    check(sorted((work / "runs").iterdir()) == before, "and leaves nothing")
    check("classes cat " in out, "after it has looked at the data")

    # What an epoch's figures say.
    check("is not below that of guessing, ln(3) = 1.099" in both(program, "train", "--lr", "1e-9", "--name", "try")[1], "nothing is learned")
    said = both(program, "train", "--epochs", 14, "--name", "try")[1]
    check(said.count("validation has not improved since epoch") <= 2, "an advice is not repeated at once")

    # Another network of the same name: by default it has no run.
    reordered = build("s", ('["cat", "dog", "fox"]', '["fox", "cat", "dog"]'))
    said = run(reordered, "predict", work / "cat.png", code=1)
    check("not trained yet" in said and 'other class names (labels ["cat", "dog", "fox"])' in said, "classes in another order: no run")
    check("another network: other class names" in run(reordered, "eval", "--run", 1, code=1), "nor by number")
    check("of other networks: --all" in run(reordered, "runs"), "runs leaves them out")
    check("other class names" in rows(reordered, "--all")[1]["differs"], "runs --all says what differs")
    best = work / "runs/s-001/best.safetensors"
    for name in (best, best.parent):
        said = run(reordered, "eval", "--weights", name, code=1)
        check("class 0 is 'cat' there and 'fox' in this program" in said, "--weights with other classes is an error that names them")
    check("run 1 (s-001) is of another network" in run(reordered, "use", 1, code=1), "it cannot be current")

    other = build("s", ("mean = 0.5, std = 0.5", "mean = 0.1, std = 0.5"))
    said = run(other, "eval", "--weights", best, code=1)
    check("prepared otherwise" in said and "mean = [0.5]" in said and "mean = [0.1]" in said, "other transforms are an error with both")
    check("transform eval" in run(other, "selftest", "--run", 1, code=1), "selftest, too")
    grown = build("s", ('"fox"]', '"fox", "owl"]'), ("classes = 3", "classes = 4"))
    check("has no class 'owl'" in run(grown, "eval", "--weights", best, code=1), "a class more")
    unnamed = build("s", ('    labels  = ["cat", "dog", "fox"]\n', ""))
    check("has no class 'cat'" in run(unnamed, "eval", "--weights", best, code=1), "no names")

    # Runs of the same network under another name are its own, to be taken when told; numbers are counted through.
    renamed = build("t", ("epochs = 5", "epochs = 6"))
    check(rows(renamed)[1]["own"] and rows(renamed)[1]["differs"].startswith("recipe s: epochs 5"), "a run belongs to the network, not to a name")
    both(renamed, "train")
    numbers = [int(p.name[-3:]) for p in (work / "runs").iterdir()]
    check(len(set(numbers)) == len(numbers) and (work / f"runs/t-{max(numbers):03}").exists(), "numbers are unique")
    check(rows(renamed)[max(numbers)]["current"] and rows(renamed)[1]["differs"].startswith("recipe s: epochs 5"), "a setting that differs is said")
    frozen = build("s", ("    labels  =", "    replace fc with linear(classes)\n    labels  ="))
    said = run(frozen, "eval", code=1)
    check("not trained yet" in said and "other network (no replace" in said, "an edited network has no run")
