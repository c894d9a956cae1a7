#!/usr/bin/env bash
# Builds and runs every test: the release preset in full, then the sanitizer tier. Installs what it needs.
#     tests/run.sh            all of it: ci, then asan
#     tests/run.sh TIER       one tier: ci, asan, tsan, llvm19, or lint (formatting, clang-tidy, shellcheck)
#     tests/run.sh fuzz [S]   each harness of tests/fuzz for S seconds, 60 if not given; what fails is left in build/fuzz
# shellcheck source=examples/common.sh
. "$(dirname "$0")/../examples/common.sh"

need_packages
v=$(llvm_version)
apt_install "llvm-$v-tools" libcmocka-dev python3-numpy universal-ctags doxygen qemu-user zsh gcc-aarch64-linux-gnu libc6-dev-arm64-cross

tier() { # preset
    say "tier $1: building"
    build_preset "$1"
    say "tier $1: testing"
    ctest --test-dir "$ROOT/build/$1" --output-on-failure -j "$(nproc)"
}

# One version of the tools, as each formats and checks a little differently.
lint() {
    apt_install clang-22 clang-format-22 clang-tidy-22 libomp-22-dev shellcheck git
    cd "$ROOT"
    say "lint: shell scripts"
    git ls-files '*.sh' .ci/run | xargs shellcheck -x
    say "lint: formatting"
    git ls-files '*.c' '*.h' | xargs clang-format-22 --dry-run -Werror
    say "lint: clang-tidy (of the ci preset's build)"
    build_preset ci
    # but for what includes the header of a library that weights are wanted for
    git ls-files '*.c' ':!examples/grow' | xargs -P "$(nproc)" -n 4 clang-tidy-22 --quiet -p build/ci \
        2> >(grep -v 'warnings\? generated' >&2)
}

fuzz() { # seconds
    apt_install clang-22 libclang-rt-22-dev libomp-22-dev
    cd "$ROOT"
    say "fuzz: building"
    build_preset fuzz
    python3 tests/tools/make_fuzz_inputs.py tests build/fuzz/inputs
    for harness in build/fuzz/bin/fuzz_*; do
        name=${harness##*/fuzz_}
        mkdir -p "build/fuzz/inputs/$name" "build/fuzz/new/$name"
        say "fuzz: $name"
        "$harness" "build/fuzz/new/$name" "tests/fuzz/corpus/$name" "build/fuzz/inputs/$name" -max_len=8192 \
            -max_total_time="$1" -artifact_prefix="build/fuzz/$name-" -print_final_stats=1 2>&1 | tail -n 20
    done
}

case ${1-all} in
fuzz)
    fuzz "${2-60}"
    exit
    ;;
lint)
    lint
    exit
    ;;
tsan) apt_install clang-22 libclang-rt-22-dev libomp-22-dev ;;
llvm19) apt_install llvm-19-dev llvm-19-tools ;;
esac

fetch digits-cnn.pth efficientnet-lite0.pth {train,t10k}-images-idx3-ubyte {train,t10k}-labels-idx1-ubyte \
    chelsea.png coffee.png camera.png motorcycle_left.png
if [ "${1-all}" = all ]; then
    tier ci
    if [ "$v" = 22 ]; then lint; fi # its tools are of LLVM 22
    tier asan
else
    tier "$1"
fi
