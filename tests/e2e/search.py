"""program search: trials are trainings of their own, to the bit; the frozen prefix runs once for all; one that is killed any number of
times ends with the table of one that was not; what fails comes last, with its reason."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from support import DATA, both, check, compile_program, kill_at, newest_run, read_safetensors, run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =")
random.seed(3)


def with_search(name, *lines, more=""):
    block = "    search {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"
    source = text.replace("small_training", name)
    return source[:source.rindex("}")] + more + block + "}\n"


def lines_of(folder):
    """What was tried and what came of it, without what a clock says."""
    lines = [json.loads(line) for line in (folder / "search.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def ranks(said):
    """From the table of the end to its end, without the folder's name."""
    part = said[said.index("by what they reached"):]
    return [line for line in part.splitlines() if "best.safetensors" not in line]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)

    def program_of(name, source, *options):
        (work / f"{name}.ftm").write_text(source)
        return compile_program(ftmc, work / f"{name}.ftm", work / name, *options)

    # A trial is what `train` is with its values.
    many = program_of("many", with_search("many", "over optimizer.lr = log(1e-4, 0.1)", "over batch = [4, 8]", "over epochs = uniform(3, 9)",
                                          "over seed = [0, 1, 2]", "trials = 7"))
    said = run(many, "search", "--runs", work / "runs")
    whole = newest_run(work / "runs")
    tried = lines_of(whole)
    check([t["trial"] for t in tried] == list(range(1, 8)) and len({t["values"]["optimizer.lr"] for t in tried}) == 7, "seven trials")
    check(all(1e-4 <= t["values"]["optimizer.lr"] <= 0.1 and t["values"]["batch"] in (4, 8) and 3 <= t["values"]["epochs"] <= 9 and
              isinstance(t["values"]["epochs"], int) for t in tried), "with values of what the recipe goes over")
    best = max(tried, key=lambda t: (t["score"], -t["validation_loss"]))
    line = next(line for line in said.splitlines() if line.startswith("the same training:"))
    words = line.split(" train ")[1].split()
    check(dict(zip(words[::2], map(float, words[1::2]))) ==
          {"--lr": best["values"]["optimizer.lr"], "--batch": best["values"]["batch"], "--epochs": best["values"]["epochs"],
           "--seed": best["values"]["seed"]}, "the way to train like the best")
    page = (whole / "search.html").read_text()
    rows = page.split("<h2>Trials</h2>")[1].split("</table>")[0].split("<tr>")[2:]
    check([int(r.split("<td>")[1].split("<")[0]) for r in rows] == [t["trial"] for t in sorted(tried, key=lambda t: (-t["score"], t["validation_loss"], t["trial"]))],
          "the page has all trials, the best first")
    check(f"trial <b>{best['trial']}</b>" in page and f" -D optimizer.lr={words[words.index('--lr') + 1]}" in page and page.count("<svg") == 4, "the winner, and a chart for each axis")
    run(many, "train", "--runs", work / "trained", *words)
    trained = newest_run(work / "trained")
    check((trained / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes(), "which gives its weights, to the bit")
    record = json.loads((trained / "run.json").read_text())["best"]
    check(record["epoch"] == best["epoch"] and record["validation_loss"] == best["validation_loss"], "and its figures")
    worst = min(tried, key=lambda t: (t["score"], -t["validation_loss"]))
    run(many, "train", "--runs", work / "worst", "--lr", worst["values"]["optimizer.lr"], "--batch", worst["values"]["batch"], "--epochs",
        worst["values"]["epochs"], "--seed", worst["values"]["seed"])
    record = json.loads((newest_run(work / "worst") / "run.json").read_text())["best"]
    check(record["epoch"] == worst["epoch"] and record["validation_loss"] == worst["validation_loss"], "as those of any other trial are")
    measured = json.loads(run(many, "eval", "--weights", whole, "--json"))
    test = json.loads((whole / "search.json").read_text())["test"]
    check(measured["split"] == "test" and abs(measured["loss"] - test["loss"]) < 1e-8 and f"accuracy {100 * test['accuracy']:.2f} %" in said,
          "the test data is measured with the weights of the best")

    # Nothing depends on threads, and another seed draws other values.
    run(many, "search", "--runs", work / "threads", "--threads", 3, "--workers", 2, "--cache", "off")
    check(lines_of(newest_run(work / "threads")) == tried and
          (newest_run(work / "threads") / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes(),
          "the same with other threads, and with nothing kept")
    run(many, "search", "--runs", work / "seed", "--seed", 5, "--trials", 3)
    other = lines_of(newest_run(work / "seed"))
    check(len(other) == 3 and all(a["values"] != b["values"] for a, b in zip(other, tried)), "--trials and --seed")

    # Lists alone are a grid, in its order; a few of it are drawn, and none comes twice.
    grid = program_of("grid", with_search("grid", "over optimizer.lr = [0.001, 0.01, 0.1]", "over optimizer.momentum = [0, 0.9]"))
    run(grid, "search", "--runs", work / "grid-runs")
    points = [tuple(t["values"].values()) for t in lines_of(newest_run(work / "grid-runs"))]
    check(points == [(lr, m) for lr in (0.001, 0.01, 0.1) for m in (0, 0.9)], "a grid")
    run(grid, "search", "--runs", work / "part", "--trials", 4)
    part = [tuple(t["values"].values()) for t in lines_of(newest_run(work / "part"))]
    check(len(set(part)) == 4 and set(part) < set(points), "a part of it")

    # What fails comes last and is no end.
    wild = program_of("wild", with_search("wild", "over optimizer.lr = [1e6, 0.01, 1e5]"))
    said = run(wild, "search", "--runs", work / "wild-runs")
    outcomes = [t["outcome"] for t in lines_of(newest_run(work / "wild-runs"))]
    order = [line.split()[:2] for line in ranks(said)[2:5]]
    check(outcomes == ["failed", "finished", "failed"] and order == [["2", "0.01"], ["1", "1000000"], ["3", "100000"]] and
          "failed: " in said, "trials that fail come last")
    hopeless = program_of("hopeless", with_search("hopeless", "over optimizer.lr = [1e6, 1e5]"))
    check("every trial failed" in run(hopeless, "search", "--runs", work / "hopeless-runs", code=1), "where all fail there is no best")

    # Killed again and again.
    slow = program_of("slow", with_search("slow", "over optimizer.lr = log(1e-3, 1e6)", "over ema = [0.5, 0.9]", "trials = 12"),
                      "-D", "epochs=400")
    said = run(slow, "search", "--threads", 1, "--runs", work / "once")
    once = newest_run(work / "once")
    kills, folders = 0, work / "killed"
    for i in range(60):
        resumed = ["--resume", newest_run(folders)] if folders.exists() and any(folders.iterdir()) else []
        log = newest_run(folders) / "search.jsonl" if resumed else folders / "slow-search-001" / "search.jsonl"
        done = log.read_bytes().count(b"\n") if log.exists() else 0
        if kills == 10 or done >= 11 or (resumed and json.loads((log.parent / "search.json").read_text())["outcome"] == "finished"):
            break
        kills += kill_at([slow, "search", "--threads", 1, "--runs", folders, *resumed], log, done + (i % 3 == 0 and done < 8), random.uniform(0, 0.1))
    finished = json.loads((newest_run(folders) / "search.json").read_text())["outcome"] == "finished"
    if not finished:  # as on a machine that is too quick to be interrupted so often
        with open(newest_run(folders) / "search.jsonl", "a") as f:
            f.write('{"trial":')  # as if it was killed while it wrote
        check(ranks(run(slow, "search", "--threads", 1, "--runs", folders, "--resume", 1)) == ranks(said), f"killed {kills} times it ends with the same table")
    killed = newest_run(folders)
    check(lines_of(killed) == lines_of(once) and kills >= 3, "the same lines")
    check((killed / "best.safetensors").read_bytes() == (once / "best.safetensors").read_bytes(), "and the same weights")
    check("is finished" in run(slow, "search", "--runs", folders, "--resume", 1, code=1), "a finished one is not gone on with")

    # Rounds: one in three goes on to three times the epochs, and the last has them all; each round is what `train --epochs` is.
    rounds = program_of("rounds", with_search("rounds", "over optimizer.lr = log(1e-4, 0.1)", "trials = 9", "halving = 3"), "-D", "epochs=9")
    said = run(rounds, "search", "--runs", work / "rounds-runs")
    halved = newest_run(work / "rounds-runs")
    lines = lines_of(halved)
    check([(t["round"], t["epochs"]) for t in lines] == [(1, 1)] * 9 + [(2, 3)] * 3 + [(3, 9)], "nine trials, three of them, one")
    first = sorted(lines[:9], key=lambda t: (-t["score"], t["validation_loss"]))
    check([t["trial"] for t in lines[9:12]] == [t["trial"] for t in first[:3]], "those that did best go on")
    words = next(line for line in said.splitlines() if line.startswith("the same training:")).split(" train ")[1].split()
    run(rounds, "train", "--runs", work / "rounds-trained", *words)
    check((newest_run(work / "rounds-trained") / "best.safetensors").read_bytes() == (halved / "best.safetensors").read_bytes(),
          "and the weights are those of all epochs")
    run(rounds, "train", "--runs", work / "rounds-two", "--lr", lines[9]["values"]["optimizer.lr"], "--epochs", 3)
    record = json.loads((newest_run(work / "rounds-two") / "run.json").read_text())["best"]
    check(record["validation_loss"] == lines[9]["validation_loss"], "as those of a round before are of its epochs")
    (halved / "search.jsonl").write_text("".join(line + "\n" for line in (halved / "search.jsonl").read_text().splitlines()[:10]))
    changed = json.loads((halved / "search.json").read_text())
    (halved / "search.json").write_text(json.dumps(changed | {"outcome": "running"}))
    check(ranks(run(rounds, "search", "--resume", halved)) == ranks(said) and lines_of(halved) == lines, "cut in a round it ends alike")

    # Seeds: means and deviations over them, each what `train --seed` is; the weights are those of the recipe's own.
    seeds = program_of("seeds", with_search("seeds", "over optimizer.lr = [0.001, 0.01]", "repeat = 3", more="    seed = 4\n"))
    said = run(seeds, "search", "--runs", work / "seeds-runs")
    lines = lines_of(newest_run(work / "seeds-runs"))
    losses = []
    for seed in (4, 5, 6):
        run(seeds, "train", "--runs", work / f"seed{seed}", "--lr", 0.01, "--seed", seed)
        losses.append(json.loads((newest_run(work / f"seed{seed}") / "run.json").read_text())["best"]["validation_loss"])
    check([r["validation_loss"] for r in lines[1]["repeats"]] == losses and abs(lines[1]["validation_loss"] - sum(losses) / 3) < 1e-12,
          "three seeds, and their mean")
    scores = [r["score"] for r in lines[1]["repeats"]]
    deviation = (sum((s - sum(scores) / 3) ** 2 for s in scores) / 2) ** 0.5
    check(abs(lines[1]["score_deviation"] - deviation) < 1e-12 and "deviation" in said, "and deviation")
    best = min(lines, key=lambda t: (-t["score"], t["validation_loss"]))
    run(seeds, "train", "--runs", work / "own", "--lr", best["values"]["optimizer.lr"])
    check((newest_run(work / "own") / "best.safetensors").read_bytes() ==
          (newest_run(work / "seeds-runs") / "best.safetensors").read_bytes(), "the weights are those of the recipe's own seed")

    # Interrupted; with other data or another recipe; where there is no search.
    process = subprocess.Popen([str(slow), "search", "--runs", str(work / "int")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not process.stdout.readline().startswith("    1"):
        pass
    process.terminate()
    _, err = process.communicate()
    check(process.returncode == 130 and "search --resume" in err, "an interrupted one says how to go on")
    stopped = newest_run(work / "int")
    check(json.loads((stopped / "search.json").read_text())["outcome"] == "interrupted", "and its record says so")
    changed = program_of("slow2", (work / "slow.ftm").read_text(), "-D", "epochs=151")
    check("another recipe" in run(changed, "search", "--resume", stopped, code=1), "another recipe is refused")
    _, err = both(slow, "search", "--resume", stopped, "--trials", 3, code=2)
    check("--trials cannot be given" in err, "options are the search's")
    check("no search of that name" in run(slow, "search", "--runs", folders, "--resume", "x", code=1), "an unknown one is refused")
    went_on = 0
    for i in range(8):
        if json.loads((stopped / "search.json").read_text())["outcome"] == "finished":
            break
        process = subprocess.Popen([str(slow), "search", "--threads", "1", "--resume", str(stopped)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.time() + 30
        while json.loads((stopped / "search.json").read_text())["outcome"] == "interrupted" and time.time() < deadline:
            time.sleep(0.01)  # it has not begun yet
        time.sleep(0.2 * random.random())
        process.terminate()
        went_on += "goes on behind step" in process.communicate()[1]
    if json.loads((stopped / "search.json").read_text())["outcome"] != "finished":
        went_on += "goes on behind step" in run(slow, "search", "--threads", 1, "--resume", stopped, notes=True)
    check(lines_of(stopped) == lines_of(once) and (stopped / "best.safetensors").read_bytes() == (once / "best.safetensors").read_bytes(),
          "interrupted within trials it ends alike")
    check(went_on >= 1 and not list(stopped.glob("trial-*")), f"having gone on within a trial {went_on} times, of which nothing is left")
    plain = program_of("plain", text.replace("small_training", "plain"))
    check("the recipe has no search" in run(plain, "search", code=1), "a recipe without a search has nothing to try")

    # What is frozen is computed once, whatever is tried, and features are kept over trials; phases have their own.
    frozen = program_of("frozen", with_search("frozen", "over optimizer.lr = log(1e-4, 0.1)", "trials = 5",
                                              more="    freeze all\n    train fc\n"))
    said = run(frozen, "search", "--runs", work / "frozen-runs")
    check("the frozen layers have computed 30 samples, for 5 trainings" in said, "the prefix runs once for each of 30 samples")
    uncut = program_of("frozen2", (work / "frozen.ftm").read_text(), "-D", "data.cache=off")
    run(uncut, "search", "--runs", work / "uncut-runs")
    check([t["values"] for t in lines_of(newest_run(work / "uncut-runs"))] == [t["values"] for t in lines_of(newest_run(work / "frozen-runs"))],
          "and without one the same is tried")
    phased = program_of("phased", with_search("phased", "over thaw.optimizer.lr = [0.001, 0.01]", "over head.epochs = [1, 2]", more=(
        "    freeze all\n    phase head {\n        train fc\n    }\n    phase thaw {\n        train all\n        epochs = 3\n    }\n")))
    said = run(phased, "search", "--runs", work / "phased-runs")
    check("-D thaw.optimizer.lr=" in said and "the same training" not in said, "values of phases are said as -D")
    best = max(lines_of(newest_run(work / "phased-runs")), key=lambda t: (t["score"], -t["validation_loss"]))
    fixed = program_of("fixed", (work / "phased.ftm").read_text(), *(w for k, v in best["values"].items() for w in ("-D", f"{k}={v}")))
    run(fixed, "train", "--runs", work / "fixed-runs")
    a, b = (read_safetensors(newest_run(work / r) / "best.safetensors") for r in ("fixed-runs", "phased-runs"))
    check(all((a[k] == b[k]).all() for k in b), "and make a program that trains the same")
