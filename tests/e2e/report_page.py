"""report.html of a run: what it says, that it loads and runs nothing whatever names are in it, that it is the same however it is made, and
that a run does not fail for it."""
import base64
import csv
import html.parser
import json
import pathlib
import struct
import sys
import tempfile
import zlib

import numpy as np

from support import DATA, both, check, compile_program, newest_run, run, write_png

ftmc = sys.argv[1]
SCRIPT, QUOTES = "<script>alert(1)", "a\"b'c&d"
RECIPE = """model tiny(image: f32[3, 8, 8], classes = 3) {
    output logits = fc: linear(flatten(relu(conv: conv2d(image, 4, kernel = 3, stride = 2))), classes)
}

finetune hostile {
    model   = tiny()
    weights = random
    data {
        train = folder("pictures")
        validation = 50%
        split = exact
        test = folder("pictures")
    }
    transform eval = resize(8, 8), to_rgb(), normalize(mean = 0.5, std = 0.5)
    optimizer = sgd(lr = 0.01)
    schedule  = constant()
    epochs = 3
    batch  = 8
}
"""


class Page(html.parser.HTMLParser):
    """Its text, its tags and pictures; what would load or run something is refused."""

    def __init__(self, path):
        super().__init__()
        self.text, self.pictures, self.tags, self.rows, self.in_cell = "", [], [], [], False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for key, value in attributes:
            assert not key.startswith("on") and key not in ("href", "srcset", "action"), (tag, key, value)
            assert key != "src" or value.startswith("data:image/png;base64,"), value
            assert key != "style" or value.startswith("--share: "), value
            if key == "src":
                self.pictures.append((dict(attributes)["alt"], base64.b64decode(value.split(",")[1])))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data


def check_safe(page, path):
    text = path.read_text(encoding="utf-8")
    check("script" not in page.tags and "iframe" not in page.tags and "link" not in page.tags, "nothing runs")
    check("url(" not in text and "@import" not in text and "http-equiv=\"Content-Security-Policy\"" in text, "nothing is loaded")
    check(text.count("<main>") == 1 and text.rstrip().endswith("</html>"), "the page is whole")


def mean_of(png):
    """Mean of the pixels of a file that libpng has made of one colour, which no filter changes the length of."""
    w, h, depth, kind = struct.unpack(">IIBB", png[16:26])
    at, packed = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at:at + 4])
        packed += png[at + 8:at + 8 + size] if png[at + 4:at + 8] == b"IDAT" else b""
        at += 12 + size
    return zlib.decompress(packed)[1], (h, w), depth, kind


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(1)
    names = {}  # of files: the grey value that all of their pixels have
    for k, label in enumerate((SCRIPT, QUOTES, "plain")):
        (work / "pictures" / label).mkdir(parents=True)
        for i in range(60):
            name = f"\"><img src=x onerror=alert({i})>.png" if i % 3 == 0 else f"odd \udcff {i}.png" if i % 3 == 1 else f"{i}.png"
            value = int(rng.integers(0, 256))
            write_png(work / "pictures" / label / name, np.full((120 + i, 200, 3), value, np.uint8))
            names[f"{label}/{name}"] = value
    (work / "hostile.ftm").write_text(RECIPE)
    program = compile_program(ftmc, work / "hostile.ftm", work / "hostile")
    out = run(program, "train", "--seed", 3)
    newest = newest_run(work / "runs")
    path = newest / "report.html"
    check(f"report in {path}" in out, "train says where the report is")
    page = Page(path)
    check_safe(page, path)
    for word in (SCRIPT, QUOTES, "hostile", "schedule = constant(", "plain softmax", "not measured yet"):
        check(word in page.text, f"it says {word}")
    best = json.loads((newest / "run.json").read_text())["best"]
    validation = json.loads((newest / "validation.json").read_text())
    rows = list(csv.DictReader((newest / "predictions.csv").open(errors="replace")))
    check(validation["samples"] == len(rows) and abs(validation["accuracy"] - best["validation_accuracy"]) < 1e-6, "figures of validation are kept")
    check("confusion" not in validation, "the matrix has a file of its own")
    check(f"{100 * validation['accuracy']:.2f} %" in page.text, "its accuracy")
    check(f"{validation['samples']} samples that were kept out of training" in page.text, "what the figures stand on")
    check(page.text.count("epoch 3: ") >= 4, "the curves have a dot for each epoch")
    wrong = [r for r in rows if r["label"] != r["predicted"]]
    check(len(page.pictures) == min(len(wrong), 50) and wrong, f"{len(page.pictures)} pictures of mistakes")
    surest = sorted(wrong, key=lambda r: -float(r["confidence"]))
    check([p[0] for p in page.pictures[:20]] == [r["sample"] for r in surest[:20]], "the surest first")
    check(all(mean_of(png)[0] == names[name] and max(mean_of(png)[1]) == 96 for name, png in page.pictures if name in names), "and they are the right ones, no larger than 96")
    check(path.stat().st_size < 2e6, "less than 2 MB")

    # eval renews it, of the test data.
    told = json.loads(run(program, "eval", "--json"))
    page = Page(path)
    check_safe(page, path)
    check("accuracy in test" in page.text and "not measured yet" not in page.text, "the page is of the test data")
    check(f"Expected calibration error {told['ece']:.4f}" in page.text, "calibration error as eval has it")
    for k, c in enumerate(told["classes"]):
        row = next(r for r in page.rows if r and r[0].strip() == c["class"] and len(r) == 5)
        check(row[1] == str(c["samples"]) and row[2].startswith(f"{100 * c['recall']:.1f} %") and
              (row[3] == "-" or row[3].startswith(f"{100 * c['precision']:.1f} %")), f"the figures of {c['class']}")
        cells = next(r for r in page.rows if r and r[0] == f"{k + 1} {c['class']}")
        check([int(n or 0) for n in cells[1:]] == told["confusion"][k], "its row of the matrix")
    check("odd \ufffd " in page.text, "a name that is no UTF-8 is shown as far as it is")

    # The same bytes however it is made, from wherever.
    before = path.read_bytes()
    path.unlink()
    out = run(program, "report", "1", cwd="/")
    check(path.read_bytes() == before and str(path) in out, "`report` makes the same page")
    path.write_text("old")
    run(program, "report")
    check(path.read_bytes() == before, "of the current run, where none is named")
    (work / "pictures").rename(work / "elsewhere")
    out, err = both(program, "report", "1")
    check("without pictures" in err and not Page(path).pictures, "without its data it has no pictures")
    (work / "elsewhere").rename(work / "pictures")

    # A page that cannot be written is a word, and no failure.
    path.unlink()
    path.mkdir()
    out, err = both(program, "eval")
    check("report of the run could not be written" in err, "it is said")
    both(program, "report", "1", code=1)
    path.rmdir()

    # Other runs: by hand what old ones have, and what is no run.
    (newest / "test.json").unlink()
    (newest / "validation.json").unlink()
    run(program, "report", "1")
    page = Page(path)
    check(f"{100 * best['validation_accuracy']:.2f} %" in page.text and page.pictures, "a run from before has what it kept")
    (newest / "predictions.csv").write_text("not a table\n")
    (newest / "log.jsonl").write_text("{\"step\":1,\"lr\":nan,\"loss\":nan}\nrubbish\n{\"epoch\":1,\"step\":2}\n")
    both(program, "report", "1")
    check_safe(Page(path), path)
    both(program, "report", "7", code=1)
    both(program, "report", "1", "2", code=2)

# Tasks that are no classes.
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    rng = np.random.default_rng(2)
    np.save(work / "x.npy", rng.normal(size=(40, 3, 12, 12)).astype(np.float32))
    np.save(work / "y.npy", rng.normal(size=(40, 5)).astype(np.float32))
    text = (pathlib.Path(__file__).resolve().parent / "small.ftm").read_text().replace('"data/small.safetensors"', f'"{DATA}/small.safetensors"')
    text = text.replace('"data/small_images.npy"', '"x.npy"').replace('"data/small_labels.npy"', '"y.npy", kind = vector')
    text = text.replace("cross_entropy(label_smoothing = 0.1)", "mse()").replace("        test  =", "        validation = 25%\n        test  =")
    (work / "numbers.ftm").write_text(text)
    program = compile_program(ftmc, work / "numbers.ftm", work / "numbers")
    run(program, "train")
    told = json.loads(run(program, "eval", "--json"))
    path = newest_run(work / "runs") / "report.html"
    page = Page(path)
    check_safe(page, path)
    row = next(r for r in page.rows if r and r[0].startswith("rmse") and len(r) == 3)
    check(row[-1] == f"{told['rmse']:.4f}", "numbers have their errors")
    check(sum(r[0] in "abcde" for r in page.rows if r and r[0]) == 5, "and a row for each output")
