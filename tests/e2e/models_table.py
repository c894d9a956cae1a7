"""The table of models/README.md is what `ftmc models` says: models_table.py FTMC [print], which prints what has to stand there."""
import re
import sys

from support import ROOT, check, run

BEGIN = "<!-- the published models, as tests/e2e/models_table.py prints them -->\n"
COLUMNS = ("model", "of", "parameters", "million MACs", "input", "accuracy", "weights", "licence")

ftmc = sys.argv[1]


def names():
    """In the order of the list, and those that are marked."""
    rows = [re.match(r"(\*| )  (\w+)", line) for line in run(ftmc, "models").splitlines()[1:]]
    return [(row[2], row[1] == "*") for row in rows if row]


def row(name, marked):
    text = run(ftmc, "models", name)
    facts = dict(re.findall(r"^(\S+) +(.*)$", text, re.M))
    weights = f"`{facts['file']}`" + (f" of PyPI `{facts['package']}`" if "package" in facts else "")
    return (f"**`{name}`**" if marked else f"`{name}`", f"`{re.search(r'import .(.*).$', text, re.M)[1]}`",
            f"{int(facts['parameters'].split(',')[0]):,}", facts["MACs"].split()[0], facts["input"], facts["accuracy"], weights,
            facts["licence"])


table = "".join(f"| {' | '.join(cells)} |\n" for cells in [COLUMNS, ["---"] * len(COLUMNS), *(row(*n) for n in names())])
if sys.argv[2:] == ["print"]:
    print(BEGIN + table, end="")
else:
    check((BEGIN + table + "\n") in (ROOT / "models/README.md").read_text(), "models/README.md has the table that ftmc models gives")
