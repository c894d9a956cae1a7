#!/usr/bin/env bash
# A folder of photographs, a folder per class in it, becomes a program in three commands, none of them edited: set-up, then init,
# train, predict. Leaves everything in build/examples/photos. Arguments go to `train` (--epochs 5 ...).
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../common.sh"

set_up efficientnet-lite0.pth stamps.deb
[ -d "$CACHE/stamps" ] || dpkg -x "$CACHE/stamps.deb" "$CACHE/stamps"

out=$ROOT/build/examples/photos
export PATH=$ROOT/build/release/bin:$PATH XDG_CACHE_HOME=$out/cache
mkdir -p "$out"
cd "$out"
rm -f photos.ftm
python3 "$ROOT/examples/scenarios/prepare.py" all "$CACHE/stamps/usr/share/tuxpaint/stamps" 100000 photos
cp "$CACHE/efficientnet-lite0.pth" .

say "ftmc init"
ftmc init --model efficientnet_lite0 --weights efficientnet-lite0.pth --data photos
cat photos.ftm

say "ftmc run photos.ftm train"
ftmc run photos.ftm train "$@"

say "ftmc run photos.ftm eval: the pictures that were held out"
ftmc run photos.ftm eval

say "ftmc run photos.ftm predict"
ftmc run photos.ftm predict photos/birds/00*.png photos/fruit/00*.png

cat <<END

The recipe is build/examples/photos/photos.ftm. Try next, there:
  ftmc help transforms                       what can be done to pictures
  edit photos.ftm, and ftmc run photos.ftm train again
  ftmc photos.ftm -o classify --weights=runs/photos-001/best.safetensors
                                             a program to be copied elsewhere, the trained weights in it
END
