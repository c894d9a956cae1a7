#!/usr/bin/env bash
# Builds and runs every test: the release preset in full, then the sanitizer tier. Installs what it needs.
#     tests/run.sh            all of it
#     tests/run.sh release    one tier: release, asan, tsan, llvm19
. "$(dirname "$0")/../examples/common.sh"

need_packages
v=$(llvm_version)
apt_install "llvm-$v-tools" libcmocka-dev python3-numpy shellcheck universal-ctags qemu-user

tier() { # preset
    say "tier $1: building"
    build_preset "$1"
    say "tier $1: testing"
    ctest --test-dir "$ROOT/build/$1" --output-on-failure -j "$(nproc)"
}

fetch digits-cnn.pth efficientnet-lite0.pth {train,t10k}-images-idx3-ubyte {train,t10k}-labels-idx1-ubyte \
    chelsea.png coffee.png camera.png motorcycle_left.png

case ${1-all} in
all)
    tier ci
    tier asan
    ;;
tsan)
    apt_install clang-22 libclang-rt-22-dev libomp-22-dev
    tier tsan
    ;;
llvm19)
    apt_install llvm-19-dev
    tier llvm19
    ;;
*) tier "$1" ;;
esac
