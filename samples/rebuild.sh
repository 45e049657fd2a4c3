#!/bin/sh
# Rebuilds the checked-in components of the samples and compares.
#
#   samples/rebuild.sh            compare: exit 0 same bytes, 1 different, 3 no toolchain (nothing compared)
#   samples/rebuild.sh --write    replace the checked-in components and their source digest
#
# Toolchain: rustup with `rustup target add wasm32-wasip2`. Components are compared byte for byte with the release of
# rustc that SOURCE.sha256 names on its last line; with another one, or without the target, only the source digest is.
set -eu
cd "$(dirname "$0")/hello-wasm"
mode=${1:-compare}
target=${CARGO_TARGET_DIR:-$PWD/../../target}/samples
say() { printf '%s\n' "$*" >&2; }

# One digest over names and bytes of everything that decides the outcome.
source_digest() {
    (cd source && for file in Cargo.toml Cargo.lock src/*.rs; do printf '%s ' "$file"; sha256sum <"$file"; done) \
        | sha256sum | cut -d' ' -f1
}

build() { # features, destination
    home=${CARGO_HOME:-$HOME/.cargo}
    sysroot=$(rustc --print sysroot)
    RUSTFLAGS="--remap-path-prefix=$PWD/source=/source --remap-path-prefix=$home=/cargo --remap-path-prefix=$sysroot=/rust" \
    CARGO_TARGET_DIR=$target cargo build --quiet --locked --release --target wasm32-wasip2 \
        --manifest-path source/Cargo.toml ${1:+--features "$1"}
    cp "$target/wasm32-wasip2/release/greeter.wasm" "$2"
}

plain=base/backend/greeter.wasm
outbound=versions/1.3.0-permission/backend/greeter.wasm
digest=$(source_digest)

if ! test -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2/lib"; then
    if [ "$mode" = compare ] && [ "$(head -n1 SOURCE.sha256)" != "$digest" ]; then
        say "samples: the source of greeter changed but its component did not; run samples/rebuild.sh --write"
        exit 1
    fi
    say "samples: no wasm32-wasip2 target here; only the source digest was compared"
    exit 3
fi

if [ "$mode" = --write ]; then
    mkdir -p "$(dirname "$outbound")"
    build "" "$plain"
    build outbound "$outbound"
    { printf '%s\n' "$digest"; sha256sum "$plain" "$outbound"; rustc --version; } >SOURCE.sha256
    say "samples: written, $(wc -c <"$plain") and $(wc -c <"$outbound") bytes"
    exit 0
fi

if [ "$(head -n1 SOURCE.sha256)" != "$digest" ]; then
    say "samples: the source of greeter changed but its component did not; run samples/rebuild.sh --write"
    exit 1
fi
if [ "$(tail -n1 SOURCE.sha256)" != "$(rustc --version)" ]; then
    say "samples: built with $(tail -n1 SOURCE.sha256), here is $(rustc --version); only the source digest was compared"
    exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build "" "$work/plain.wasm"
build outbound "$work/outbound.wasm"
cmp "$work/plain.wasm" "$plain" && cmp "$work/outbound.wasm" "$outbound" || {
    say "samples: the checked-in components are not what this source builds"
    exit 1
}
say "samples: components are what their source builds"
