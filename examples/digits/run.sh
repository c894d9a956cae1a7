#!/usr/bin/env bash
# Fine-tunes EfficientNet-Lite0 on MNIST from a fresh clone: set-up, build, compile, train, evaluate, predict.
# Leaves build/examples/digits/digits and digits.safetensors. Arguments go to `digits train` (--epochs 2, --lr 0.01 ...).
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

set_up efficientnet-lite0.pth {train,t10k}-images-idx3-ubyte {train,t10k}-labels-idx1-ubyte

out=$ROOT/build/examples/digits
mkdir -p "$out"
say "compiling examples/digits/digits.ftm"
"$ROOT/build/release/bin/ftmc" "$ROOT/examples/digits/digits.ftm" -o "$out/digits"

say "training"
"$out/digits" train --out "$out/digits.safetensors" "$@"

say "evaluating on the 10,000 test digits"
"$out/digits" eval --weights "$out/digits.safetensors"

say "predicting single pictures"
"$out/digits" predict --top 3 --weights "$out/digits.safetensors" "$ROOT"/examples/digits/pictures/*.png

cat <<END

The program is build/examples/digits/digits, its trained weights digits.safetensors beside it. Try next:
  build/examples/digits/digits info                      what it is
  build/examples/digits/digits predict picture.png       your own digit, white on black
  build/examples/digits/digits train --epochs 2          longer
  build/release/bin/ftmc explain examples/digits/digits.ftm
  edit examples/digits/digits.ftm: add 'freeze all' and 'train _fc' to train the new head alone, compile it again
END
