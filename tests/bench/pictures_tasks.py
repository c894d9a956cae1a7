#!/usr/bin/env python3
"""The tasks that the recipes of `ftmc init` are measured on: pictures_tasks.py CACHE OUT

CACHE is `.cache/` after the examples have fetched MNIST, Fashion-MNIST and the stamps. OUT gets a folder per task, as --data takes
it: stamps0 ... stamps4 (five folds of photographs in 5 classes, pictures in folders), mnist100, fashion100 and fashion1000 (the
first so many training pictures of each class and all test pictures, as IDX). Everything follows from names and order alone.
"""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/scenarios"))
from prepare import few, first_of_each, stamps  # noqa: E402

STAMPS = "stamps/usr/share/tuxpaint/stamps"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    cache, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    stamps(cache / STAMPS, 100000, out / "folds")
    for fold in range(5):
        shutil.rmtree(out / f"stamps{fold}", ignore_errors=True)
        (out / "folds" / f"fold{fold}").rename(out / f"stamps{fold}")
    (out / "folds").rmdir()
    first_of_each(cache, "", "", 100, out / "mnist100")
    few(cache, 100, out / "fashion100")
    few(cache, 1000, out / "fashion1000")


main()
