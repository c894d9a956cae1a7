"""The same inputs give the same bytes, whatever folder they lie in, whenever and by whom they are compiled; no folder of the machine is in
them; and a program and its recipe can be moved together."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from support import DATA, check, metadata, newest_run, read_safetensors, run, told

ftmc = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent
# A sanitizer has the name of each file that it compiles put into the program, and the tables' is a temporary one.
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
SETTINGS = {"HOME": "/nonexistent", "LC_ALL": "C", "LANG": "de_DE.UTF-8", "TZ": "Asia/Kathmandu", "USER": "somebody"}


def lay_out(folder):
    """The recipe and what it reads."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(here / "small.ftm", folder)
    for name in ("small.safetensors", "small_images.npy", "small_labels.npy"):
        shutil.copy(DATA / name, folder / "data")
    return folder


def compile_all(folder, **how):
    """A program, an object and the tables."""
    for out, options in (("program", []), ("object.o", ["--emit=obj"]), ("tables.c", ["--emit=tables"])):
        subprocess.run([ftmc, folder / "small.ftm", "--cpu=x86-64-v3", *options, "-o", folder / out], check=True, **how)
    return [(folder / name).read_bytes() for name in ("program", "object.o", "tables.c")]


with tempfile.TemporaryDirectory(prefix="a-telling-name") as work:
    work = pathlib.Path(work)
    first = compile_all(lay_out(work / "first"))
    other = lay_out(work / "another place" / "deeper")
    (work / "temporary").mkdir()
    second = compile_all(other, cwd=other, umask=0o077, env={**os.environ, **SETTINGS, "TMPDIR": str(work / "temporary")})
    for name, a, b in zip(("program", "object", "tables"), first, second):
        if sanitized and name == "program":
            continue
        check(a == b, f"the {name} has the same bytes in another folder, with other settings")
        check(b"a-telling-name" not in a and b"/tmp/" not in a, f"no folder of this machine is in the {name}")
    # Weights that the command line names are seen from the recipe, too.
    given = [run(ftmc, f / "small.ftm", "--emit=tables", "--weights", f / "data/small.safetensors", cwd=f) for f in (work / "first", other)]
    check(given[0] == given[1], "weights of the command line leave no folder either")

    moved = work / "moved"
    (work / "first").rename(moved)
    out = run(moved / "program", "train", "--epochs", 1, "--init-out", moved / "init.safetensors", "--out", moved / "out.safetensors", cwd="/")
    check("epoch 1/1" in out, "moved with its data the program trains")
    init, source = read_safetensors(moved / "init.safetensors"), read_safetensors(DATA / "small.safetensors")
    check(all((init[k] == source[k]).all() for k in source), "--init-out has the weights before the first step")
    trained = read_safetensors(moved / "out.safetensors")
    check(any((init[k] != trained[k]).any() for k in source), "which training changes")
    check(metadata(moved / "init.safetensors")["epoch"] == "0", "and says that no epoch is done")
    code, _, err = told(moved / "program", "train", "--epochs", 1, "--init-out", moved / "no/such/folder")
    check(code == 1 and "no/such/folder" in err, "a file that cannot be made is refused before anything is done")

    card = (newest_run(moved / "runs") / "README.md").read_text()
    head = card.split("---\n")[1]
    check("library_name: ftmc\npipeline_tag: image-classification\ndatasets:\n- \"small_images.npy\"\n" in head, "the run has a card with a head")
    check("license" not in head and "| measured on |" not in card, "which says nothing that is not known")
    test = json.loads(run(moved / "program", "eval", "--json"))
    card = (newest_run(moved / "runs") / "README.md").read_text()
    check(f"| test | accuracy | {100 * test['accuracy']:.2f} % |" in card, "and behind `eval` the figures of the test data")
    check("a, b, c, d, e." in card and "`resize(" in card, "classes and transform")

    info = json.loads(run(moved / "program", "info", "--json"))
    record = json.loads((newest_run(moved / "runs") / "run.json").read_text())
    keys = [k for k in info if k.endswith("_hash")]
    check({"compiler_hash", "recipe_hash", "weights_hash"} <= set(keys), "info names the hashes of compiler, recipe and weights")
    check(all(record[k] == info[k] for k in keys), "run.json names the same ones")
    text = run(moved / "program", "info")
    check(all(info[k] in text for k in keys), "info prints them as text, too")
    check(all(f"`{info[k]}`" in card for k in keys if not k.startswith(("transform", "classes"))), "and the card")

    # Weights by the name of the published file: the card says whose they are.
    (moved / "data/small.safetensors").rename(moved / "data/network.safetensors")
    recipe = (moved / "small.ftm").read_text().replace("data/small.safetensors", "data/network.safetensors")
    digest = hashlib.sha256((moved / "data/network.safetensors").read_bytes()).hexdigest()
    published = f'published small {{\n    url = "https://example.org/network.safetensors"\n    sha256 = "{digest}"\n    input = 12\n    licence = "MIT"\n}}\n'
    (moved / "known.ftm").write_text(published + recipe)
    tables = run(ftmc, moved / "known.ftm", "--emit=tables")
    check('.base_model = "small"' in tables and '.licence = "MIT"' in tables, "a program knows model and licence of published weights")
