#!/usr/bin/env bash
# What techniques are worth on a task near to what the network was trained on and on one far from it: trains each recipe on five folds, or
# with five seeds, and prints a table. --quick: one of each.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

runs=(--runs 5)
[ "${1:-}" = --quick ] && runs=(--runs 1)
out=$ROOT/build/examples/techniques

set_up efficientnet-lite0.pth stamps.deb {train,t10k}-{images-idx3,labels-idx1}-ubyte fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
mkdir -p "$out"
[ -d "$CACHE/stamps" ] || dpkg -x "$CACHE/stamps.deb" "$CACHE/stamps"
[ -d "$out/tasks" ] || python3 "$ROOT/tests/bench/pictures_tasks.py" "$CACHE" "$out/tasks"
python3 "$ROOT/examples/techniques/table.py" "$ROOT/build/release/bin/ftmc" "$out/tasks" "$out/rows" "${runs[@]}"
