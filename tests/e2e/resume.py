"""train --resume: a run that is killed at any moment and taken up again ends like one that never stopped, bit for bit; what
does not belong to a run is refused with the reason."""
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from support import DATA, check, compile_program, host_levels, kill_at, log_lines, newest_run, run, same_run

ftmc = sys.argv[1]
KILLS, EPOCHS = 20, 16
text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/', f'"{DATA}/')
text = text.replace("        test  =", "        validation = 25%\n        test  =").replace("shuffle = false", "shuffle = true")
text = text.replace("x + y, kernel", "dropout2d(x + drop_path(y, 0.25), 0.1), kernel")  # what is drawn in a step is drawn again
random.seed(6)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    (work / "small.ftm").write_text(text)
    program = compile_program(ftmc, work / "small.ftm", work / "small_training")
    options = ["--epochs", EPOCHS, "--lr", "0.02", "--checkpoint-every", 3]
    run(program, "train", *options, "--runs", work / "whole")
    whole = newest_run(work / "whole")
    total = len(log_lines(whole))
    check(not list(whole.glob("*.tmp.*")) and not (whole / "checkpoint.safetensors").exists(), "a finished run keeps no checkpoint")

    killed = trial = 0
    while killed < KILLS:
        runs = work / f"killed{trial}"
        target = runs / "small_training-001"
        kills = 1 + trial % 5
        for moment in sorted(random.randrange(1, total - 1) for _ in range(kills)):
            command = ["--resume", target] if target.exists() else [*options, "--runs", runs]
            killed += kill_at([program, "train", *command], target / "log.jsonl", moment, random.random() * 0.004)
        if json.loads((target / "run.json").read_text())["outcome"] != "finished":
            run(program, "train", "--resume", target, "--threads", 1 + trial % 3)
        check(same_run(target, whole), f"killed {kills} times, the run ends with the same files")
        check(not list(target.glob("*.tmp.*")) and not (target / "checkpoint.safetensors").exists(), "and leaves nothing behind")
        trial += 1
    print(f"ok: {killed} kills in {trial} runs of {total} lines")
    run(program, "train", "--resume", target, code=1)
    print("ok: a finished run is not resumed")

    # Ctrl-C leaves a checkpoint, too; paths of options start where the command was given.
    (work / "elsewhere").mkdir()
    process = subprocess.Popen([program, "train", *map(str, options), "--runs", "runs", "--out", "out.safetensors"], cwd=work / "elsewhere",
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    broken = work / "elsewhere" / "runs" / "small_training-001"
    while not (broken / "log.jsonl").exists() or (broken / "log.jsonl").read_bytes().count(b"\n") < 20:
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)  # it keeps its lock, however fast it would have been
    busy = run(program, "train", "--resume", broken, code=1)
    check("another process" in busy, "a second process on the same run is refused")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    check("--resume" in process.communicate(timeout=60)[1] and process.returncode == 130, "Ctrl-C says how to go on")

    def refused(reason, **changes):
        """A copy of the broken run with changes, which must not be taken up."""
        copy = work / "copy" / "small_training-001"
        shutil.rmtree(work / "copy", ignore_errors=True)
        shutil.copytree(broken, copy)
        for name, content in changes.items():
            (copy / name.replace("_", ".")).write_bytes(content)
        before = {f.name: f.read_bytes() for f in copy.iterdir()}
        said = run(program, "train", "--resume", copy, code=1)
        check(reason in said, f"refused: {reason}")
        check({f.name: f.read_bytes() for f in copy.iterdir()} == before, "and the run is as it was")

    checkpoint = (broken / "checkpoint.safetensors").read_bytes()
    refused("checkpoint.safetensors", checkpoint_safetensors=checkpoint[:-9])
    refused("not a checkpoint", checkpoint_safetensors=(broken / "last.safetensors").read_bytes())
    refused("shorter than at the checkpoint", log_jsonl=(broken / "log.jsonl").read_bytes()[:100])
    refused("not the record of a run", run_json=b"{}")
    record = json.loads((broken / "run.json").read_text())
    record["command"] += ["--seed", "5"]
    refused("another seed", run_json=json.dumps(record).encode())
    record["command"][-2:] = ["--data", str(work / "data")]
    (work / "data").mkdir()
    images = bytearray((DATA / "small_images.npy").read_bytes())
    images[-1] ^= 1
    (work / "data" / "small_images.npy").write_bytes(images)
    shutil.copy(DATA / "small_labels.npy", work / "data")
    refused("other data", run_json=json.dumps(record).encode())
    run(program, "train", "--resume", broken, "--epochs", 3, code=2)
    print("ok: the options are the run's")

    (work / "other.ftm").write_text(text.replace("momentum = 0.9", "momentum = 0.8"))
    compile_program(ftmc, work / "other.ftm", work / "other")
    check("another recipe" in run(work / "other", "train", "--resume", broken, code=1), "refused: another recipe")

    levels = host_levels()
    if len(levels) > 1:
        compile_program(ftmc, work / "small.ftm", work / "lower", f"--cpu={levels[1]}")
        copy = work / "level" / "small_training-001"
        shutil.copytree(broken, copy)
        done = subprocess.run([work / "lower", "train", "--resume", copy], capture_output=True, text=True)
        check(done.returncode == 0 and "warning" in done.stderr and levels[1] in done.stderr, "another level warns")

    run(program, "train", "--resume", "small_training-001", "--runs", broken.parent)
    check(same_run(broken, whole), "the interrupted run ends with the same files")
    check((work / "elsewhere" / "out.safetensors").exists(), "--out is where it was meant to be")
