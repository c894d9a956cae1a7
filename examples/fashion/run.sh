#!/usr/bin/env bash
# Fashion-MNIST, gzipped as it comes: a new head on the frozen network, then the last six blocks with it. Arguments go to both
# trainings (--steps 300 ...).
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

set_up efficientnet-lite0.pth fashion-{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
out=$ROOT/build/examples/fashion
mkdir -p "$out"
for name in head blocks; do
    say "$name.ftm"
    "$ROOT/build/release/bin/ftmc" "$ROOT/examples/fashion/$name.ftm" -o "$out/$name"
    "$out/$name" train --out "$out/$name.safetensors" "$@"
    "$out/$name" eval --weights "$out/$name.safetensors"
done
