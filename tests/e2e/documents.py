#!/usr/bin/env python3
"""Every snippet in a document: documents.py FTMC

A fenced block says what it is behind its first fence:
    ftm   a description: a file, or statements of a recipe. A file with a recipe is checked with weights of the shapes that it
          needs and, where the document compiles it, compiled; statements are parsed.
    sh    commands: their syntax is checked, programs of the tree that they run must be there, and `ftmc` runs on the
          description above.
    ebnf, text   nothing to run
A block that says nothing is an error, so that no snippet is forgotten.
"""
import json
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

from support import ROOT, check, run

FENCE = re.compile(r"^( *)```(.*)$")
WORDS = {"ftm", "sh", "ebnf", "text"}
PICTURES = {"init", "run"}  # commands that want pictures, which a document has not; golden/driver runs them
STATE = re.compile(r"state @(?:\"([^\"]*)\"|(\S+)) : f32\[([\d, ]*)\]( .*)?$")
TEACHER = re.compile(r"^ *teacher (\w+) \{[^}]*? weights *= *\"([^\"]*)\"", re.M)
IN_FILE = re.compile(r" file \[([\d, ]*)\]")


def documents():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "*.md"], capture_output=True, text=True)
    names = listed.stdout.split() if listed.returncode == 0 else []
    return [ROOT / n for n in names] or sorted(p for p in ROOT.rglob("*.md") if "build" not in p.relative_to(ROOT).parts)


def snippets(path):
    """(line, word, text) of each fenced block, without its indentation."""
    block = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if fence and block is None:
            block = (number, fence[2].strip(), len(fence[1]), [])
        elif fence:
            yield block[0], block[1], "\n".join(block[3]) + "\n"
            block = None
        elif block:
            block[3].append(line[block[2]:])


def states(ftmc, file, scope):
    """Names and shapes of what the file of weights has to hold: the states that are the model's own, or a teacher's."""
    random = [option for name, _ in TEACHER.findall(file.read_text()) for option in ("-D", f"{name}.weights=random")]
    graph = run(ftmc, "--emit=graph", "-D", "weights=random", *random, file)
    for line in graph.splitlines():
        m = STATE.match(line.strip())
        if m and " added" not in (m[4] or "") and " slot" not in (m[4] or ""):
            path, _, name = (m[1] or m[2]).rpartition("/")
            in_file = IN_FILE.search(m[4] or "")
            dims = in_file[1] if in_file else m[3]
            if path == scope:
                yield name, [int(d) for d in dims.split(",") if d.strip()]


def write_weights(ftmc, file, name, scope=""):
    """A file of zeros and ones, in place of the published one."""
    header, data = {}, b""
    for key, shape in states(ftmc, file, scope):
        count = 1
        for d in shape:
            count *= d
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack("<f", 1.0 if key.endswith("running_var") else 0.0) * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (file.parent / name).parent.mkdir(parents=True, exist_ok=True)
    (file.parent / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def check_description(ftmc, folder, name, text):
    file = folder / name
    file.write_text(text)
    for classes in re.findall(r'folder\("([^"]*)"\)', text):
        for name in ("one", "two"):
            (folder / classes / name).mkdir(parents=True, exist_ok=True)
    weights = re.search(r'^ {0,4}weights *= *"([^"]*)"', text, re.M)
    if weights:
        write_weights(ftmc, file, weights[1])
    for scope, name in TEACHER.findall(text):
        write_weights(ftmc, file, name, scope)
    run(ftmc, "check", file)


def check_statements(ftmc, folder, text):
    """Statements of a recipe, or of a block."""
    for head, tail in (("finetune f {\n", "}\n"), ("block b(x) {\n", "}\n"), ("", "")):
        file = folder / "statements.ftm"
        file.write_text(head + text + tail)
        done = subprocess.run([ftmc, "--emit=ast", file], capture_output=True, text=True)
        if done.returncode == 0:
            return
    sys.exit(f"these statements are not understood:\n{text}{done.stderr}")


def check_commands(ftmc, folder, text):
    run("bash", "-n", stdin=text)
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if "/" in words[0] and not words[0].startswith("./"):
            check((ROOT / words[0]).exists(), f"{words[0]} is there")
        for trained in re.findall(r"--weights=(runs/\S+)", line):  # a run that pictures would have left
            (folder / trained).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(next(p for p in folder.iterdir() if p.suffix in (".pth", ".safetensors")), folder / trained)
        if words[0] == "ftmc" and words[1] not in PICTURES:
            run(ftmc, *words[1:], cwd=folder)


def name_of(later, text):
    """What the document calls a description: the .ftm file of the first command behind it, else its recipe's name."""
    called = re.search(r"\S+\.ftm", later)
    return called[0] if called else re.search(r"^finetune (\w+)", text, re.M)[1] + ".ftm"


def check_document(ftmc, path, folder):
    blocks = list(snippets(path))
    for i, (line, word, text) in enumerate(blocks):
        place = f"{path.relative_to(ROOT)}:{line}"
        print(f"{place}: {word}")
        if word not in WORDS:
            sys.exit(f"{place}: '```{word}' is none of {', '.join(sorted(WORDS))}")
        if word == "ftm" and re.search(r"^finetune ", text, re.M):
            later = "".join(t for _, w, t in blocks[i + 1:i + 2] if w == "sh")
            check_description(ftmc, folder, name_of(later, text), text)
        elif word == "ftm":
            check_statements(ftmc, folder, text)
        elif word == "sh":
            check_commands(ftmc, folder, text)
    return len(blocks)


def main():
    ftmc = pathlib.Path(sys.argv[1]).resolve()
    count = 0
    for path in documents():
        with tempfile.TemporaryDirectory() as folder:
            count += check_document(ftmc, path, pathlib.Path(folder))
    check(count > 0, f"{count} snippets")


main()
