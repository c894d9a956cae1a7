#!/usr/bin/env bash
# A product that meets a new class: the library of wardrobe.ftm, a program around it, and what its answers are worth on the way.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

set_up efficientnet-lite0.pth fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
out=$ROOT/build/examples/grow
mkdir -p "$out"
for name in {train,t10k}-{images-idx3,labels-idx1}-ubyte; do
    gzip -dc "$CACHE/fashion-$name.gz" >"$out/$name"
done
"$ROOT/build/release/bin/ftmc" "$ROOT/examples/grow/wardrobe.ftm" --emit=lib -o "$out/wardrobe"
cc -O2 "$ROOT/examples/grow/grow.c" "-I$out/wardrobe" "$out/wardrobe/libwardrobe.a" -fopenmp -lm -o "$out/grow"
"$out/grow" "$out"/train-{images-idx3,labels-idx1}-ubyte "$out"/t10k-{images-idx3,labels-idx1}-ubyte
