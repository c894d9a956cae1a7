#!/usr/bin/env python3
"""The project's written rules, checked: one function per rule. Run by ctest (lint.*): check.py RULE ROOT."""
import fnmatch
import pathlib
import re
import subprocess
import sys

import accesses as access_rule
import mentions as mention_rule

ROOT = pathlib.Path(sys.argv[2])
CODE = sorted(p for d in ("compiler", "runtime", "tests", "grammar") for p in (ROOT / d).rglob("*")
              if p.suffix in (".c", ".h", ".y", ".l", ".def"))

# A folder may include the headers of these folders (compiler/README.md).
RUNTIME = {"runtime", "recipe", "transform", "picture", "files", "listing"}
ALLOWED = {
    "base": {"base"},
    "graph": {"base", "graph", "ops"} | RUNTIME,
    "ops": {"base", "graph", "ops"} | RUNTIME,
    "kernel": {"base", "graph", "ops", "kernel"} | RUNTIME,
    "passes": {"base", "graph", "ops", "kernel", "passes"} | RUNTIME,
    "weights": {"base", "weights"} | RUNTIME,
    "lang": {"base", "graph", "ops", "lang"} | RUNTIME,
    "bind": {"base", "graph", "ops", "weights", "lang", "bind"} | RUNTIME,
    "pytorch": {"base", "graph", "ops", "weights", "lang", "bind", "pytorch"} | RUNTIME,
    "schedule": {"base", "graph", "ops", "kernel", "schedule"} | RUNTIME,
    "codegen": {"base", "graph", "ops", "kernel", "schedule", "codegen"} | RUNTIME,
    "driver": {"base", "graph", "ops", "passes", "weights", "lang", "bind", "pytorch", "kernel", "schedule",
               "codegen", "driver", "embed", "network"} | RUNTIME,
}
# The same of runtime/ (runtime/README.md): the core sees nothing of what programs are made of.
ALLOWED_RUNTIME = {
    "runtime": {"runtime"},
    "core": {"runtime", "core"},
    "recipe": {"runtime", "recipe"},
    "transform": {"runtime", "recipe", "transform"},
    "embed": {"runtime", "recipe", "network", "transform", "files", "embed"},
    "picture": {"runtime", "recipe", "transform", "picture"},
    "files": {"runtime", "files"},
    "listing": {"runtime", "recipe", "files", "listing"},
    "network": {"runtime", "recipe", "network"},
    "page": {"runtime", "files", "page"},
    "app": {"page", "runtime", "recipe", "network", "transform", "picture", "files", "listing", "app"},
}

# ftmc explains what programs do by their own rows.
PROGRAM_TABLES = {"commands.def", "options.def", "exit_codes.def"}

# What a fenced block of a document can be (tests/e2e/documents.py).
SNIPPETS = {"ftm", "sh", "ebnf", "text"}


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def folder_of_headers():
    owner = {}
    for p in CODE:
        if p.suffix in (".h", ".def") and "tests" not in p.parts:
            owner[p.name] = p.parent.name
    return owner


def includes():
    """Includes follow the layering; a .c file's first include is its own header where it has one."""
    owner = folder_of_headers()
    for p in CODE:
        if "tests" in p.parts or p.parent.name == "grammar":
            continue
        may_see = ALLOWED_RUNTIME[p.parent.name] if "runtime" in p.parts else ALLOWED[p.parent.name]
        found = re.findall(r'^#include "([^"]+)"', p.read_text(), re.M)
        for name in found:
            target = owner.get(name)
            if p.parent.name == "driver" and name in PROGRAM_TABLES:
                continue
            if target and target not in may_see:
                yield f"{p.relative_to(ROOT)}: includes {target}/{name}, which {p.parent.name}/ may not see"
        if p.suffix == ".c" and (p.parent / (p.stem + ".h")).exists() and found and found[0] != p.stem + ".h":
            yield f"{p.relative_to(ROOT)}: its first include is not {p.stem}.h"


def leftovers():
    """No unfinished marks, no machine paths, no registry hosts."""
    marks = re.compile(r"\b(TODO|FIXME|(?-i:XXX)|HACK)\b|not implemented|/(root|home)/\w|https?://\S*(pypi|npmjs|debian)", re.I)
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
    for name in tracked:
        p = ROOT / name
        if not name or name.startswith("tests/lint/") or not p.is_file():
            continue
        try:
            text = p.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for i, line in enumerate(text.splitlines(), 1):
            if marks.search(line):
                yield f"{name}:{i}: {line.strip()[:100]}"


def sizes():
    """No function over 100 lines, no file over 1000 (tables and generated files aside)."""
    files = [str(p) for p in CODE if p.suffix in (".c", ".h")]
    out = subprocess.run(["ctags", "-f", "-", "--languages=C", "--kinds-C=f", "--fields=+ne", "--excmd=number", *files],
                         capture_output=True, text=True, check=True).stdout
    for row in out.splitlines():
        start, end = re.search(r"\tline:(\d+)", row), re.search(r"\tend:(\d+)", row)
        if start and end and int(end[1]) - int(start[1]) + 1 > 100:
            name, path = row.split("\t")[:2]
            yield f"{path}:{start[1]}: {name} has {int(end[1]) - int(start[1]) + 1} lines"
    for p in CODE:
        if p.suffix != ".def" and len(lines(p)) > 1000:
            yield f"{p.relative_to(ROOT)}: {len(lines(p))} lines"


def rows(path, macro):
    return re.findall(rf"^{macro}\((\w+)", (ROOT / path).read_text(), re.M)


def tables():
    """Every op has its file, or stands in that of the op whose gradient, plain form or variant of an optimizer it is; every pass its file and its tests, every diagnostic a golden test."""
    optimizers = re.findall(r"^FTM_CALL\((\w+), OPTIMIZER", (ROOT / "runtime/recipe/calls.def").read_text(), re.M)
    for op in rows("compiler/ops/ops.def", "FTM_OP"):
        variant = next((o for o in optimizers if op.startswith(f"{o}_")), op)
        if not any((ROOT / f"compiler/ops/{name}.c").exists() for name in (op, re.sub(r"_grad(_\w+)?$", "", op), variant)):
            yield f"op {op} has no compiler/ops/{op}.c"
    for name in optimizers:
        if not (ROOT / f"compiler/ops/{name}.c").exists():
            yield f"optimizer {name} has no compiler/ops/{name}.c"
    for name in rows("compiler/passes/passes.def", "FTM_PASS"):
        if not (ROOT / f"compiler/passes/{name}.c").exists():
            yield f"pass {name} has no compiler/passes/{name}.c"
        if not list((ROOT / "tests/golden/passes").rglob(f"{name}*")):
            yield f"pass {name} has no test in tests/golden/passes"
        if f"{name}" not in (ROOT / "compiler/passes/README.md").read_text():
            yield f"pass {name} is not in compiler/passes/README.md"
    codes = re.findall(r'^DIAG\(\w+,\s*"(\w+)"', (ROOT / "compiler/base/diag.def").read_text(), re.M)
    golden = "\n".join(p.read_text(errors="replace") for p in (ROOT / "tests").rglob("*") if p.suffix in
                       (".ftm", ".ftg", ".test", ".c"))
    for code in codes:
        if code not in golden:
            yield f"diagnostic {code} has no test that shows it"
    for code in {c for c in codes if codes.count(c) > 1}:
        yield f"diagnostic code {code} stands twice"


def is_named(path, text):
    """By its name, by its stem as a word, or by a pattern like `kernel_conv*`."""
    return path.name in text or path.stem in re.findall(r"\w+", text) or \
        any(fnmatch.fnmatch(path.name, word) or fnmatch.fnmatch(path.stem, word) for word in re.findall(r"[\w.*]*\*[\w.*]*", text))


def readmes():
    """Every folder that a newcomer would open has a README, and it names each file of the folder."""
    for folder in ["", "compiler", "runtime", "grammar", "models", "tests", "examples", "examples/digits",
                   "runtime/recipe"] + [
            f"compiler/{d}" for d in ALLOWED]:
        if not (ROOT / folder / "README.md").exists():
            yield f"{folder or '.'}: no README.md"
    for readme in sorted(p for d in ("compiler", "runtime", "grammar") for p in (ROOT / d).rglob("README.md")):
        text = readme.read_text()
        for p in sorted(readme.parent.iterdir()):
            if p.suffix in (".c", ".def", ".l", ".y") and not is_named(p, text):
                yield f"{readme.relative_to(ROOT)}: does not name {p.name}"


def snippets():
    """A fenced block of a document says what it is, so that e2e/documents.py compiles it or knows that there is nothing to compile."""
    for p in sorted(ROOT.rglob("*.md")):
        if "build" in p.relative_to(ROOT).parts or any(part.startswith(".") for part in p.relative_to(ROOT).parts):
            continue
        fences = [(i, l.strip()) for i, l in enumerate(lines(p), 1) if l.strip().startswith("```")]
        for i, fence in fences[::2]:
            if fence[3:] not in SNIPPETS:
                yield f"{p.relative_to(ROOT)}:{i}: a fenced block is one of {', '.join(sorted(SNIPPETS))}"
        if len(fences) % 2:
            yield f"{p.relative_to(ROOT)}: a fenced block has no end"


def names():
    """A file's name says which file it is: none stands twice in compiler/ and runtime/."""
    seen = {}
    for p in CODE:
        if p.suffix in (".c", ".h", ".def") and "tests" not in p.parts:
            if p.name in seen:
                yield f"{p.relative_to(ROOT)}: {seen[p.name]} has the same name"
            seen[p.name] = p.relative_to(ROOT)


def mentions():
    """An op, layer, optimizer, loss, schedule, transform, source, decoder or command is named in its row and file only."""
    yield from mention_rule.self_test()
    yield from mention_rule.problems(ROOT)


def accesses():
    """Code that is made for programs reads and writes data by the accessor alone."""
    yield from access_rule.self_test()
    yield from access_rule.problems(ROOT)


def headers():
    """Header guards and docstrings: a public header begins with a comment."""
    for p in CODE:
        if p.suffix == ".h" and not lines(p)[0].startswith("/*"):
            yield f"{p.relative_to(ROOT)}: does not begin with a comment that says what it is"
        if p.suffix == ".c" and not p.with_suffix(".h").exists() and not any(l.startswith("/*") for l in lines(p)[:2]):
            yield f"{p.relative_to(ROOT)}: does not begin with a comment that says what it is"


def main():
    problems = list(globals()[sys.argv[1]]())
    for p in problems:
        print(p)
    print(f"{sys.argv[1]}: {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
