#!/usr/bin/env bash
# Two tasks, one near to what the network was trained on and one far from it, with few and with many pictures, from pretrained
# and from random weights. Prints a table per task. --quick: one fold and one seed of the stamps, 10 pictures per class of clothes.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

seeds=(1 2 3 4 5) folds=(0 1 2 3 4) counts=(10 100 1000)
[ "${1:-}" = --quick ] && seeds=(1) folds=(0) counts=(10)

here=$ROOT/examples/scenarios out=$ROOT/build/examples/scenarios ftmc=$ROOT/build/release/bin/ftmc

# Trains on a folder of data and prints the test accuracy, in percent.
accuracy() { # program data seed
    "$out/$1" train --data "$2" --seed "$3" --runs "$out/runs" --out "$out/$1.safetensors" >"$out/$1.log" 2>&1 ||
        { cat "$out/$1.log" >&2; return 1; }
    "$out/$1" eval --data "$2" --weights "$out/$1.safetensors" --json |
        python3 -c 'import json, sys; print(100 * json.load(sys.stdin)["accuracy"])'
}

# Mean and standard deviation of numbers, one a line.
mean() { awk '{ n++; s += $1; q += $1 * $1 } END { m = s / n; printf "%6.2f %%  +- %.2f  (%d runs)\n", m, sqrt(q / n - m * m), n }'; }

set_up efficientnet-lite0.pth stamps.deb fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
mkdir -p "$out"
[ -d "$CACHE/stamps" ] || dpkg -x "$CACHE/stamps.deb" "$CACHE/stamps"
for name in stamps stamps_scratch fashion fashion_frozen; do "$ftmc" "$here/$name.ftm" -o "$out/$name"; done
"$ftmc" "$here/fashion.ftm" -D weights=random -o "$out/fashion_scratch"

# A program on the folds of the stamps with at most so many pictures of a class, for each seed.
stamps() { # program count seed...
    local program=$1 count=$2 seed fold data=$CACHE/stamps-$2
    shift 2
    python3 "$here/prepare.py" stamps "$CACHE/stamps/usr/share/tuxpaint/stamps" "$count" "$data"
    say "$program: at most $count pictures of each of 5 classes, ${#folds[@]} folds x $# seeds"
    for seed; do
        for fold in "${folds[@]}"; do accuracy "$program" "$data/fold$fold" "$seed"; done
    done | mean
}

for count in 10 1000; do
    stamps stamps "$count" "${seeds[@]}"
    stamps stamps_scratch "$count" 1
done

for count in "${counts[@]}"; do
    python3 "$here/prepare.py" few "$CACHE" "$count" "$CACHE/fashion-$count"
    for program in fashion fashion_frozen fashion_scratch; do
        say "$program: $count pictures of each of 10 classes"
        accuracy "$program" "$CACHE/fashion-$count" 1 | mean
    done
done
