#!/usr/bin/env bash
# The article's network, pretrained on clothes and fine-tuned on digits, from a fresh clone: set-up, build, compile, train,
# evaluate. Leaves build/examples/article/article and article.safetensors. --quick: a few hundred steps of each half.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

steps=()
[ "${1:-}" = --quick ] && steps=(--steps 400)

set_up fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz {train,t10k}-{images-idx3,labels-idx1}-ubyte

out=$ROOT/build/examples/article
mkdir -p "$out"
here=$ROOT/examples/article ftmc=$ROOT/build/release/bin/ftmc

say "first half: clothes, from random weights"
"$ftmc" "$here/pretrain.ftm" -o "$out/clothes"
"$out/clothes" train --out "$out/clothes.safetensors" "${steps[@]}"

say "second half: digits, from the weights of the first"
"$ftmc" "$here/article.ftm" -o "$out/article"
"$out/article" train --out "$out/article.safetensors" "${steps[@]}"
# A line per epoch, as the article prints it.
runs=("$out"/runs/article-*)
awk -F, 'NR > 1 { printf "Epoch: %d, Loss: %.4f\n", $1, $4 }' "${runs[-1]}/metrics.csv"

say "evaluating on the 10,000 test digits"
"$out/article" eval --weights "$out/article.safetensors"
