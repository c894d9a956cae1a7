#!/usr/bin/env bash
# ResNet-18, pretrained on clothes, gets a convolution more and learns to read digits, from a fresh clone: set-up, build, compile,
# train, evaluate. Leaves build/examples/resnet18-digits/digits and digits.safetensors. --quick: 100 steps of each training.
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

steps=()
[ "${1:-}" = --quick ] && steps=(--steps 100)

set_up fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz {train,t10k}-{images-idx3,labels-idx1}-ubyte

here=$ROOT/examples/resnet18-digits out=$ROOT/build/examples/resnet18-digits
mkdir -p "$out"
for name in clothes digits digits_random; do
    say "$name: compiling, training, evaluating"
    "$ROOT/build/release/bin/ftmc" "$here/$name.ftm" -o "$out/$name"
    "$out/$name" train --out "$out/$name.safetensors" "${steps[@]}"
    "$out/$name" eval --weights "$out/$name.safetensors"
done
