"""Pictures in a folder per class: classes named by the folders at compile time, pictures of several sizes and kinds, read when
they are asked for; random flips the same for any number of threads."""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from support import DATA, check, compile_program, newest_run, read_safetensors, run, spoil_png, write_png

ftmc = sys.argv[1]
MODEL = """model tiny(image: f32[3, 8, 8], classes = 2) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 6, kernel = 3, stride = 2))), classes)
}
"""
RECIPE = MODEL + """
finetune pictures {
    model   = tiny()
    weights = random
    data {
        train = folder("PATH")
        validation = 25%
        split = exact
        test = folder("PATH")
    }
    transform eval  = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    transform train = random_horizontal_flip(), resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.05, momentum = 0.9)
    schedule  = constant()
    epochs = 12
    batch  = 8
}
"""
rng = np.random.default_rng(3)


def picture(bright, i):
    """Bright or dark noise, of sizes and channels that differ."""
    shape = (8 + i % 3, 8 + i % 5) + ((3,) if i % 2 else ())
    return (rng.integers(0, 100, shape) + (140 if bright else 0)).astype(np.uint8)


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    root = work / "pictures"
    for name in ("dark side", "bright"):
        (root / name / "more").mkdir(parents=True)
        for i in range(20):
            write_png(root / name / ("more" if i > 15 else ".") / f"{i}.png", picture(name == "bright", i))
    (root / "bright" / "Thumbs.db").write_bytes(b"x")
    (root / "bright" / ".hidden.png").write_bytes(b"x")
    (root / ".git").mkdir()
    (work / "pictures.ftm").write_text(RECIPE.replace("PATH", "pictures"))
    program = compile_program(ftmc, work / "pictures.ftm", work / "pictures_program")
    check("bright dark side" in run(program, "info"), "classes are the folders' names in order")

    said = run(program, "train", "--threads", 1)
    check("training samples 30, validation samples 10" in said, "nested pictures count, hidden and other files do not")
    first = (newest_run(work / "runs") / "last.safetensors").read_bytes()
    run(program, "train", "--threads", 3, "--runs", work / "again")
    check(first == (newest_run(work / "again") / "last.safetensors").read_bytes(), "flips do not depend on threads")
    for workers in range(5):
        run(program, "train", "--threads", 2, "--workers", workers, "--runs", work / f"workers{workers}")
    check(all(first == (newest_run(work / f"workers{w}") / "last.safetensors").read_bytes() for w in range(5)),
          "nor anything on the threads that load ahead")
    check(json.loads(run(program, "eval", "--json"))["accuracy"] == 1, "bright and dark are told apart")

    # Kept pictures change nothing: behind no step at all, behind those before the first random one, and where memory is short.
    (work / "kept.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("random_horizontal_flip(), resize(8, 8)", "resize(8, 8), random_horizontal_flip()")
                                   .replace("    data {", "    data {\n        cache_budget = 0.5MB"))
    kept = compile_program(ftmc, work / "kept.ftm", work / "kept")
    for built, options in ((program, []), (kept, ["0"]), (kept, ["1000"]), (kept, [])):
        runs = work / f"cache{len(list(work.glob('cache*')))}"
        run(built, "train", "--runs", runs, *(["--cache-budget", *options] if options else []))
    kept_runs = [(newest_run(work / f"cache{i}") / "last.safetensors").read_bytes() for i in range(4)]
    check(kept_runs[0] == first and kept_runs[1] == kept_runs[2] == kept_runs[3], "what is kept in memory changes no bit")
    moved = root.rename(work / "moved")
    shutil.copytree(moved, root)
    gone = subprocess.Popen([kept, "train", "--epochs", "100000", "--runs", work / "gone"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not list((work / "gone").glob("*/best.safetensors")) and gone.poll() is None:
        time.sleep(0.02)
    shutil.rmtree(root)
    epochs = (newest_run(work / "gone") / "metrics.csv").read_text().count("\n")
    while (newest_run(work / "gone") / "metrics.csv").read_text().count("\n") < epochs + 3 and gone.poll() is None:
        time.sleep(0.02)
    still = gone.poll() is None
    gone.send_signal(signal.SIGINT)
    check(gone.wait(60) == 130 and still, "and is read once")
    moved.rename(root)
    run(program, "train", "--cache-budget", "much", code=2)
    check("--cache takes auto, memory, disk or off, not '0'" in run(program, "train", "--cache", 0, code=2), "a place is a word")
    run(program, "eval", "--cache", "1GB", code=2)

    (work / "plain.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("random_horizontal_flip(), ", ""))
    plain = compile_program(ftmc, work / "plain.ftm", work / "plain")
    run(plain, "train", "--runs", work / "plain_runs")
    without = read_safetensors(newest_run(work / "plain_runs") / "last.safetensors")
    with_flips = read_safetensors(newest_run(work / "runs") / "last.safetensors")
    check(with_flips["conv.weight"].tobytes() != without["conv.weight"].tobytes(), "flips change what is learnt")

    # Parts and squares: the same bits for any number of threads, and a thin picture is refused before it fills the memory.
    (work / "parts.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("random_horizontal_flip(), resize(8, 8)", "random_resized_crop(8, scale = [0.3, 1], interpolation = bicubic)")
                                    .replace("transform eval  = resize(8, 8)", "transform eval  = pad_square(fill = 255), resize(8)"))
    parts = compile_program(ftmc, work / "parts.ftm", work / "parts")
    for threads in (1, 3):
        run(parts, "train", "--epochs", 2, "--threads", threads, "--runs", work / f"parts{threads}")
    files = [(newest_run(work / f"parts{t}") / "last.safetensors").read_bytes() for t in (1, 3)]
    check(files[0] == files[1], "parts do not depend on threads")
    (work / "thin.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("resize(8, 8)", "resize(8), center_crop(8)"))
    thin = compile_program(ftmc, work / "thin.ftm", work / "thin")
    run(thin, "train", "--steps", 1)
    write_png(work / "thin.png", np.zeros((20000000, 1), np.uint8))
    check("thin.png: the transforms of 1 x 20000000 pixels would take" in run(thin, "predict", work / "thin.png", root / "bright" / "0.png", code=1),
          "a picture that would become huge is named, and the next one answered")

    # Figures of the folder are those of its pictures, one by one: order of classes, then of names.
    logits = work / "logits.npy"
    run(program, "eval", "--logits", logits)
    names = [sorted(str(p.relative_to(root / c)) for p in (root / c).rglob("[!.]*.png")) for c in ("bright", "dark side")]
    paths = [root / c / n for c, list_ in zip(("bright", "dark side"), names) for n in list_]
    told = json.loads(run(program, "predict", "--json", "--top", 2, *paths))
    z = np.load(logits).astype(float)
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    given = [[t["probability"] for t in sorted(s["top"], key=lambda t: t["class"])] for s in told]
    check(len(paths) == 40 and np.allclose(p, given, atol=1e-6), "eval reads the pictures that predict reads")

    other = work / "other" / "pictures"
    shutil.copytree(root, other)
    (other / "grey").mkdir()
    check("the program has no class 'grey'; it has 2: 'bright', 'dark side'" in run(program, "eval", "--data", other.parent, code=1), "another class is refused")
    shutil.rmtree(other / "grey")
    shutil.rmtree(other / "bright")
    check(json.loads(run(program, "eval", "--json", "--data", other.parent))["samples"] == 20, "a class may be missing")
    corpus = pathlib.Path(__file__).parents[1] / "fuzz" / "corpus" / "picture"
    for name, kind in (("photo.JPG", "jpeg3"), ("drawing.webp", "webp_vp8l")):
        (other / "dark side" / name).write_bytes((corpus / kind).read_bytes()[1:])
    (other / "dark side" / "IMG_1.HEIC").write_bytes(b"x")
    said = run(program, "eval", "--json", "--data", other.parent)
    check('"samples": 22' in said, "JPEG and WebP are pictures")
    check(run(program, "predict", other / "dark side" / "photo.JPG").startswith(str(other)), "a photograph is answered")
    big = work / "fast" / "pictures"
    for name in ("dark side", "bright"):
        (big / name).mkdir(parents=True)
        shutil.copy(DATA / "photo.jpg", big / name / "large.jpg")
    (work / "fast.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("random_horizontal_flip(), ", "").replace("resize(8, 8)", "resize(4, 4), resize(8, 8)")
                                   .replace("    data {", "    data {\n        jpeg = fast"))
    fast = compile_program(ftmc, work / "fast.ftm", work / "fast_program")
    (work / "slow.ftm").write_text((work / "fast.ftm").read_text().replace("jpeg = fast", "jpeg = exact"))
    slow = compile_program(ftmc, work / "slow.ftm", work / "slow_program")
    run(slow, "train", "--epochs", 2, "--out", work / "slow.safetensors")
    outputs = {}
    for name, built in (("fast", fast), ("slow", slow)):
        done = subprocess.run([built, "predict", "--weights", work / "slow.safetensors", "--logits", work / f"{name}.npy", big / "bright" / "large.jpg"],
                              capture_output=True, text=True, check=True)
        outputs[name] = (np.load(work / f"{name}.npy"), "jpeg = fast: JPEG files are decoded at" in done.stderr)
    check(outputs["fast"][1] and not outputs["slow"][1], "jpeg = fast is said")
    check(0 < np.abs(outputs["fast"][0] - outputs["slow"][0]).max() < 0.2, "it is nearly the same, and not the same")
    whole = (other / "dark side" / "12.png").read_bytes()
    for name in ("0.png", "12.png"):
        (other / "dark side" / name).write_bytes(whole[:45])
    said = run(program, "eval", "--data", other.parent, code=1)
    check("0.png: cannot be read as PNG" in said and "12.png: cannot be read as PNG" in said and "2 of 22 pictures cannot be used" in said,
          "pictures that are cut short are all named at once")
    for name in ("0.png", "12.png"):
        (other / "dark side" / name).write_bytes(whole)
        spoil_png(other / "dark side" / name)
    for workers in (0, 4):
        said = run(program, "eval", "--workers", workers, "--data", other.parent, code=1)
        check("0.png: cannot be read as PNG" in said and "12.png: cannot" not in said and "on_error = skip" in said,
              "the first damaged picture is named, with the way out")
    for path in (other / "dark side").rglob("*.png"):
        if path.name not in ("0.png", "12.png"):
            spoil_png(path)
    run(program, "train", "--data", other.parent, "--runs", work / "stillborn", code=1)
    check(not list((work / "stillborn").iterdir()), "a training whose first step fails leaves no run")
    check("IMG_1.HEIC is one; convert them: heif-convert" in said, "what cannot be read is named, with what to do")
    run(program, "eval", "--data", work / "nowhere", code=1)

    # A picture that vanishes, and Ctrl-C, end a run whose queue is full.
    moving = work / "moving" / "pictures"
    shutil.copytree(root, moving)
    for name, ending, code in (("vanish", lambda p: shutil.rmtree(moving), 1), ("interrupt", lambda p: p.send_signal(signal.SIGINT), 130)):
        if not moving.exists():
            shutil.copytree(root, moving)
        running = subprocess.Popen([program, "train", "--epochs", "100000", "--workers", "4", "--cache", "off", "--data", moving.parent, "--runs", work / name],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list((work / name).glob("*/best.safetensors")) and running.poll() is None:
            time.sleep(0.02)
        ending(running)
        _, said = running.communicate(timeout=60)
        check(running.returncode == code and (code == 130) != ("No such file" in said), f"{name}: ends with {code}, and says what is missing")

    (work / "size.ftm").write_text(RECIPE.replace("PATH", "pictures").replace("random_horizontal_flip(), resize(8, 8)", "center_crop(7)")
                                   .replace("resize(8, 8)", "center_crop(8)"))
    run(ftmc, "check", work / "size.ftm", code=1)
    (work / "missing.ftm").write_text(RECIPE.replace("PATH", "nowhere"))
    check("E0610" in run(ftmc, "check", work / "missing.ftm", code=1), "the compiler wants the folder")
    (work / "named.ftm").write_text(RECIPE.replace("PATH", "nowhere").replace("weights = random", 'weights = random\n    labels = ["a", "b"]'))
    run(ftmc, "check", work / "named.ftm")
    print("ok: but not where the recipe has labels")
