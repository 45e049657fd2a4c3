#!/bin/sh
# Puts one version of a sample together: samples/build.sh SAMPLE LABEL OUT
# The rule is in README.md. OUT must not exist yet.
set -eu
[ $# -eq 3 ] || { echo "usage: samples/build.sh SAMPLE LABEL OUT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
sample=$here/$1 overlay=$here/$1/versions/$2 out=$3
[ -d "$overlay" ] || { echo "samples: there is no $1 $2; there are: $(ls "$sample/versions" | tr '\n' ' ')" >&2; exit 2; }
[ ! -e "$out" ] || { echo "samples: $out exists already" >&2; exit 2; }
mkdir -p "$out"
cp -R "$sample/base/." "$out/"
cp -R "$overlay/." "$out/"
if [ -f "$sample/source/src/main.rs" ]; then
    mkdir -p "$out/backend/bin"
    rustc --edition 2024 -O -C strip=symbols -C panic=abort --crate-name notes \
        --remap-path-prefix "$sample/source=/source" \
        -o "$out/backend/bin/notes" "$sample/source/src/main.rs"
    chmod 755 "$out/backend/bin/notes"
fi
