"""The defaults of PyTorch's and torchvision's arguments, for the rows that name them: tests/unit/data/pytorch_defaults.txt.

Recorded run: PyTorch 2.14, torchvision. Run: python make_defaults_reference.py > pytorch_defaults.txt
A line is `call parameter default`, for each row of calls.def, layers.def and ops.def whose call and parameter have a name there.
"""
import importlib
import inspect
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = ("runtime/recipe/calls.def", "compiler/lang/layers.def", "compiler/ops/ops.def")
CALL = re.compile(r'^FTM_(?:OP_)?CALL\((\w+),\s*[^"]*(?:"[^"]*",\s*)?"(torch[\w.]*)"', re.M)
PARAM = re.compile(r'FTM_PARAM\((\w+),\s*(\w+),\s*\w+,\s*(?:NULL|"[^"]*"),[^"]*"(\w+)(?:\[(\d)\])?"')


def find(name):
    parts = name.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for part in parts[i:]:
            thing = getattr(thing, part, None)
        return thing
    return None


def word(value):
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        return "[" + ",".join(word(v) for v in value) + "]"
    return getattr(value, "value", type(value).__name__)


def main():
    text = "\n".join((ROOT / t).read_text() for t in TABLES)
    calls = dict(CALL.findall(text))
    for call, name, pytorch, index in PARAM.findall(text):
        thing = find(calls[call]) if call in calls else None
        try:
            parameters = inspect.signature(thing).parameters if thing else {}
        except (TypeError, ValueError):
            continue
        p = parameters.get(pytorch)
        if p is None or p.default is inspect.Parameter.empty:
            continue
        print(call, name, word(p.default[int(index)] if index else p.default))


main()
