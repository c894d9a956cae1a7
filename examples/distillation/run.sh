#!/usr/bin/env bash
# What a teacher and pictures without labels are worth to a small network: Fashion-MNIST, 100 labelled pictures of a class and 20,000 others, five
# seeds, paired. Prints a line for each seed and the mean differences with their standard errors. --quick: one seed of 200 steps.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

seeds=(1 2 3 4 5) more=()
[ "${1:-}" = --quick ] && seeds=(1) more=(--steps 200)

here=$ROOT/examples/distillation out=$ROOT/build/examples/distillation ftmc=$ROOT/build/release/bin/ftmc

# Trains and prints the test accuracy, in percent.
accuracy() { # program seed
    "$out/$1" train --seed "$2" --runs "$out/runs" --out "$out/$1.safetensors" "${more[@]}" >"$out/$1.log" 2>&1 ||
        { cat "$out/$1.log" >&2; return 1; }
    "$out/$1" eval --weights "$out/$1.safetensors" --json | python3 -c 'import json, sys; print(100 * json.load(sys.stdin)["accuracy"])'
}

set_up efficientnet-lite0.pth fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
mkdir -p "$out"
python3 "$here/prepare.py" "$CACHE" "$out"
say "the teacher"
"$ftmc" "$here/teacher.ftm" -o "$out/teacher"
accuracy teacher 1
"$ftmc" "$here/alone.ftm" -o "$out/alone"
"$ftmc" "$here/taught.ftm" -o "$out/taught"
"$ftmc" "$here/taught.ftm" -o "$out/soft" -D lite0.share=0.99 -D lite0.temperature=2
say "seed; the labelled pictures alone; with the teacher and pictures without labels; the same by the teacher almost alone"
for seed in "${seeds[@]}"; do
    echo "$seed $(accuracy alone "$seed") $(accuracy taught "$seed") $(accuracy soft "$seed")"
done | awk '{ print; n++; for (i = 3; i <= NF; i++) { d = $i - $2; s[i] += d; q[i] += d * d } }
    END { for (i = 3; n > 1 && i <= NF; i++) printf "column %d less column 2: %+.2f points, standard error %.2f\n", i, s[i] / n, sqrt((q[i] / n - (s[i] / n) ^ 2) / (n - 1)) }'
