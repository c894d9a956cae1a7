"""`predict`: files, folders, standard input and arrays; lines, JSON, CSV and arrays; what cannot be read or written."""
import csv
import gzip
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

from support import check, compile_program, run, write_png

ftmc = sys.argv[1]
NAMES = ["one, two", 'the "other"', "plain"]
RECIPE = """model tiny(image: f32[1, 8, 8], classes = 3) {
    output logits = fc: linear(flatten(image), classes)
}
finetune tiny_pictures {
    model   = tiny()
    weights = random
    labels  = ["one, two", "the \\"other\\"", "plain"]
    data { train = npy(images = "images.npy", labels = "labels.npy") }
    transform eval = resize(8, 8), to_grey(), normalize(mean = 0.5, std = 0.5)
    batch = 4
}
"""


def predict(*arguments, code=0, stdin=b""):
    """Exit code as expected; (standard output, standard error)."""
    done = subprocess.run([program, "predict", *map(os.fspath, map(str, arguments))], input=stdin, capture_output=True, cwd=work)
    if done.returncode != code:
        print(done.stdout, done.stderr)
        sys.exit(f"predict {arguments}: exit code {done.returncode}, expected {code}")
    return done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")


def table(text):
    return list(csv.reader(io.StringIO(text)))


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (11, 8, 8), dtype=np.uint8)
    np.save(work / "images.npy", images)
    np.save(work / "labels.npy", np.arange(11, dtype=np.int64) % 3)
    (work / "tiny.ftm").write_text(RECIPE)
    program = compile_program(ftmc, work / "tiny.ftm", work / "tiny_program")
    run(program, "train", "--epochs", 3)
    photos = work / "photos"
    (photos / "deep" / "deeper").mkdir(parents=True)
    names = ["a.png", "b.png", "deep/c.png", "deep/d.PNG", "deep/deeper/e.png"]
    for name, pixels in zip(names, images):
        write_png(photos / name, pixels)
    (photos / "notes.txt").write_text("none")
    (photos / ".hidden.png").write_text("none")
    (photos / "phone.heic").write_text("none")

    # One answer per picture, the same whatever asks for it.
    every = [f"photos/{n}" for n in sorted(names)]
    lines, said = predict("photos")
    check([l.split(": ")[0] for l in lines.splitlines()] == every, "a folder is what is in it, in the order of names")
    check("phone.heic is one; convert them: heif-convert" in said, "what cannot be read is said, with what to do")
    check(predict(*every)[0] == lines and predict("--data", "photos")[0] == lines, "as when they are named one by one")
    for workers in range(3):
        check(predict("photos", "--workers", workers)[0] == lines, f"and by {workers} workers")
    told = json.loads(predict("photos", "--json", "--top", 3)[0])
    rows = table(predict("photos", "--csv", "-", "--top", 3)[0])
    check(rows[0] == ["file"] + [f"{w}_{i}" for i in (1, 2, 3) for w in ("class", "probability")], "CSV has titles")
    check([r[0] for r in rows[1:]] == every == [t["file"] for t in told], "JSON and CSV name the same pictures")
    check(all(r[1::2] == [x["class"] for x in t["top"]] and np.allclose([float(x) for x in r[2::2]], [x["probability"] for x in t["top"]])
              for r, t in zip(rows[1:], told)), "and the same classes, with commas and quotes in their names")
    check({x["class"] for x in told[0]["top"]} == set(NAMES), "all classes are there")
    check(table(predict("photos/a.png", "--csv", "-")[0])[0] == ["file", "class", "probability"], "one class has no number")

    # All outputs at once.
    out = predict("photos", "--csv", "x.csv", "--logits", "x.npy", "--json")[0]
    logits = np.load(work / "x.npy")
    check(len(json.loads(out)) == 5 and len(table((work / "x.csv").read_text())) == 6 and logits.shape == (5, 3), "every output is written")
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = np.sort(p / p.sum(1, keepdims=True), 1)[:, ::-1]
    check(np.allclose(p, [[x["probability"] for x in t["top"]] for t in told], atol=1e-6), "the array is what the probabilities are of")

    # A bad picture does not stop the others, and has its place everywhere.
    (photos / "b.png").write_bytes(b"no picture")
    before = lines.splitlines()
    lines, said = predict("photos", code=1)
    check(lines.splitlines() == [before[0]] + before[2:] and "photos/b.png: not a picture" in said, "a bad picture is named, the others answered")
    out, _ = predict("photos", "--json", "--csv", "y.csv", "--logits", "y.npy", code=1)
    check(json.loads(out)[1] == {"file": "photos/b.png", "error": "not predicted"}, "in JSON it has an error")
    check(table((work / "y.csv").read_text())[2] == ["photos/b.png", "", ""], "in CSV empty cells")
    logits[1] = np.nan
    check(np.array_equal(np.load(work / "y.npy"), logits, equal_nan=True), "in the array NaN")
    check(json.loads(predict("nowhere.png", "--json", code=1)[0])[0]["file"] == "nowhere.png", "alone, too")

    # What cannot be written is refused before anything else.
    for wrong in (["--logits", "nowhere/x.npy"], ["--csv", "nowhere/x.csv"], ["--csv", "photos"], ["--json", "--csv", "-"]):
        out, said = predict("photos/a.png", *wrong, code=1)
        check(not out and said, f"{' '.join(wrong)} is refused")
    check(not list(work.glob("*.tmp*")), "nothing half written is left")
    (work / "empty").mkdir()
    check("empty: holds no pictures" in predict("empty", code=1)[1], "a folder without pictures is said")
    check("-: an empty file" in predict("-", code=1)[1], "nothing on standard input")
    check("neither an .npy, .npz nor IDX file" in predict("--data", "photos/a.png", code=1)[1], "a picture is no array")

    # Standard input, pipes, and arrays in either format.
    first = before[0].split(": ")[1]
    check(predict("-", stdin=(photos / "a.png").read_bytes())[0] == f"-: {first}\n", "standard input")
    pipe = subprocess.run(["sh", "-c", f"cat photos/a.png | {program} predict /dev/stdin"], capture_output=True, text=True, cwd=work)
    check(pipe.stdout == f"/dev/stdin: {first}\n", "a pipe")
    idx = struct.pack(">HBB3I", 0, 8, 3, *images.shape) + images.tobytes()
    (work / "images-idx3-ubyte").write_bytes(idx)
    (work / "images-idx3-ubyte.gz").write_bytes(gzip.compress(idx))
    expected = predict("--data", "images.npy")[0]
    check(expected.splitlines()[0] == f"0: {first}" and len(expected.splitlines()) == 11, ".npy")
    for name in ("images-idx3-ubyte", "images-idx3-ubyte.gz"):
        check(predict("--data", name)[0] == expected, name)

    # A name that is not UTF-8.
    os.rename(photos / "a.png", os.path.join(os.fsencode(photos), b"\xe9t\xe9.png"))
    told = json.loads(predict("photos", "--json", code=1)[0])
    odd = [t for t in told if "file_bytes" in t]
    check(len(odd) == 1 and bytes.fromhex(odd[0]["file_bytes"]) == b"photos/\xe9t\xe9.png" and odd[0]["file"] == "photos/\ufffdt\ufffd.png",
          "its bytes are beside it")

    # Numbers that are none.
    np.save(work / "floats.npy", np.full((1, 1, 8, 8), np.inf, np.float32))
    out, said = predict("--data", "floats.npy", "--json", code=1)
    check(json.loads(out) == [{"file": "0", "error": "not predicted"}] and "NaN or infinity" in said, "outputs that are no numbers")

    # names that come one by one
    listed = json.loads(predict("--json", "--top", 3, photos / "deep/deeper/e.png", photos / "deep/c.png")[0])
    asked = [photos / "deep/deeper/e.png", work / "nowhere.png", "", photos, photos / "notes.txt", photos / "deep/c.png"]
    out, err = predict("--lines", "--top", 3, code=1, stdin="".join(f"{name}\n" for name in asked).encode()[:-1])
    answers = [json.loads(line) for line in out.splitlines()]
    check([a["file"] for a in answers] == [str(name) for name in asked] and [answers[0], answers[-1]] == listed, "--lines: a line for each name, in order")
    check([a.get("error") for a in answers[1:-1]] == ["not predicted"] * 4 and err.count("is no picture: --lines takes") == 2, "and what is none has one, too")
    check(predict("--lines")[0] == "", "no names, no lines")
    check("reads names from standard input" in predict("--lines", photos, code=2)[1], "--lines stands alone")
    running = subprocess.Popen([program, "predict", "--lines"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for name in ("deep/deeper/e.png", "deep/c.png", "deep/deeper/e.png"):
        running.stdin.write(f"{photos / name}\n")
        running.stdin.flush()
        check(json.loads(running.stdout.readline())["file"].endswith(name), "an answer comes before the next question")
    running.stdin.close()
    check(running.wait() == 0, "and it ends with its input")
