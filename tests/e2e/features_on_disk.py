"""Features of frozen layers on disk: the next training finds them, wherever a run is killed and however much is kept where, the bits are those of
none; cut at two values, with a batch that is not full and phases that thaw a part, too."""
import pathlib
import random
import sys
import tempfile

from support import DATA, check, compile_program, kill_at, log_lines, newest_run, run, same_numbers, same_run

ftmc = sys.argv[1]
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =").replace("    epochs  = 5\n", "").replace("shuffle = false", "shuffle = true")
random.seed(11)
TWO_VALUES = "train conv3, bn3, fc"  # the block's sum and what the third convolution reads are computed before it


def phases(name, *bodies):
    blocks = "".join(f"    phase p{i} {{\n        {body}\n    }}\n" for i, body in enumerate(bodies))
    source = text.replace("small_training", name)
    return source[:source.rindex("}")] + "    freeze all\n" + blocks + "}\n"


def kept(said):
    """What is said of each file: its name, and how many samples it has."""
    lines = [line for line in said.splitlines() if "features of the frozen layers are kept in " in line]
    return [(line.split(" kept in ")[1].split(",")[0], int(line.split("of which it has ")[1].split(";")[0])) for line in lines]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)

    def program_of(name, source, *options):
        (work / f"{name}.ftm").write_text(source)
        return compile_program(ftmc, work / f"{name}.ftm", work / name, *options)

    source = phases("thawing", "train fc\n        epochs = 2", TWO_VALUES + "\n        epochs = 2", "train all\n        epochs = 1")
    disk = program_of("thawing", source, "-D", "data.cache=disk")
    check(run(ftmc, work / "thawing.ftm", "--emit=tables", "-D", "data.cache=disk").count("role = FTMRT_ROLE_FEATURE") >= 3, "one phase is cut at two values")
    uncut = program_of("thawing", source, "-D", "data.cache=off")
    run(uncut, "train", "--runs", work / "uncut")
    whole = newest_run(work / "uncut")
    disk = program_of("thawing", source, "-D", "data.cache=disk")

    first = kept(run(disk, "train", "--runs", work / "runs", notes=True))
    check([n for _, n in first] == [0, 0], f"two phases have features, each its own file, and none of them: {first}")
    check(same_numbers(newest_run(work / "runs"), whole), "the numbers are those without")
    again = kept(run(disk, "train", "--runs", work / "runs", "--threads", 3, notes=True))
    check(first[0][0] == again[0][0] and again[0][1] == 30, f"the next training finds all of the first phase: {again}")
    check(again[1][1] == 30, "and of the second, which begins with the same weights")
    check(same_numbers(newest_run(work / "runs"), whole), "with the same numbers")
    said = run(disk, "runs", "--runs", work / "runs")
    check(f"features of frozen layers in {work / 'runs' / 'cache'}: " in said and " in 2 files" in said, "`runs` says what they take")
    other = kept(run(disk, "train", "--runs", work / "runs", "--seed", 3, notes=True))
    check(other[0] == (first[0][0], 30) and other[1][1] == 30 and other[1][0] == first[1][0],
          "another seed changes the head alone, and neither split nor head make other features")

    # What is not as it was left.
    store = next(p for p in (work / "runs" / "cache").iterdir() if p.name == pathlib.Path(first[0][0]).name)
    data = bytearray(store.read_bytes())
    data[100] ^= 1
    store.write_bytes(data[:-7])
    said = run(disk, "train", "--runs", work / "runs", notes=True)
    check("1 of 29 records are damaged; they are made again" in said and "is cut off in the middle of a record" in said and kept(said)[0][1] == 28,
          "damaged and cut records are made again")
    check(same_numbers(newest_run(work / "runs"), whole), "and change nothing")
    store.write_bytes(b"something else")
    said = run(disk, "train", "--runs", work / "runs", notes=True)
    check("is damaged, or no file of features; it is made anew" in said and same_numbers(newest_run(work / "runs"), whole), "nor does another file")

    # Killed anywhere, and gone on with in another place.
    for trial in range(4):
        runs, killed = work / f"killed{trial}", 0
        target = runs / "thawing-001"
        for moment in sorted(random.randrange(1, len(log_lines(whole)) - 1) for _ in range(3)):
            command = ["--resume", target] if target.exists() else ["--checkpoint-every", 2, "--runs", runs]
            place = random.choice(["disk", "memory", "off", "auto"])
            killed += kill_at([disk, "train", *command, "--runs", runs, "--cache", place], target / "log.jsonl", moment, random.random() * 0.004)
        if '"finished"' not in (target / "run.json").read_text():
            run(disk, "train", "--resume", target, "--threads", 1 + trial % 3)
        check(same_numbers(target, whole), f"killed {killed} times, the run ends with the same numbers")

    # auto: in memory, and on disk what is more than the budget.
    auto = program_of("alone", text.replace("small_training", "alone").replace("    labels", "    freeze all\n    train fc\n    epochs = 3\n    labels"))
    check(not kept(run(auto, "train", "--runs", work / "memory", notes=True)) and not (work / "memory" / "cache").exists(), "auto keeps little in memory")
    check(kept(run(auto, "train", "--runs", work / "auto", "--cache-budget", 1000, notes=True))[0][1] == 0, "and much on disk")
    check(same_run(newest_run(work / "memory"), newest_run(work / "auto")), "with the same files in the run")
    (work / "blocked").mkdir()
    (work / "blocked" / "cache").write_text("in the way")
    said = run(auto, "train", "--runs", work / "blocked", "--cache", "disk", notes=True)
    check("features are not kept on disk" in said and same_run(newest_run(work / "blocked"), newest_run(work / "memory")), "where there can be no folder memory does")
    run(auto, "train", "--dry-run", "--cache", "disk", "--runs", work / "dry")
    check(not (work / "dry").exists(), "a dry run leaves nothing")
    run(auto, "train", "--folds", 3, "--cache", "disk", "--runs", work / "folds")
    check(len(list((work / "folds" / "cache").iterdir())) == 1, "folds share one file")
