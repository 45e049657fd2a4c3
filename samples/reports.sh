#!/bin/sh
# Runs the samples' own tests and writes their results and line coverage into */base/reports/ (JUnit XML, LCOV).
# Needs Node 20 or newer, and rustup's llvm-tools (`rustup component add llvm-tools`).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=$(dirname "$(find "$(rustc --print sysroot)" -name llvm-profdata)")

# JUnit XML from the lines of Rust's test harness; a failed test has ended the script before.
junit() { # suite
    awk -v suite="$1" '
        /^test .* \.\.\. ok$/ { n++; cases = cases sprintf("    <testcase classname=\"%s\" name=\"%s\"/>\n", suite, $2) }
        END { printf "<testsuites>\n  <testsuite name=\"%s\" tests=\"%d\" failures=\"0\" errors=\"0\" skipped=\"0\">\n%s  </testsuite>\n</testsuites>\n", suite, n, cases }'
}

rust() { # sample, suite, targets
    out=$here/$1/base/reports
    mkdir -p "$out"
    export CARGO_TARGET_DIR="$work/$2" LLVM_PROFILE_FILE="$work/$2-%p.profraw"
    export RUSTFLAGS="-C instrument-coverage"
    manifest=$here/$1/source/Cargo.toml
    cargo test --quiet --locked --manifest-path "$manifest" --no-run
    cargo test --locked --manifest-path "$manifest" "$3" -- --format pretty >"$work/$2.txt" 2>"$work/$2.log" \
        || { cat "$work/$2.log" "$work/$2.txt" >&2; exit 1; }
    sort "$work/$2.txt" | junit "$2" >"$out/junit.xml"
    "$tools/llvm-profdata" merge -sparse "$work/$2"-*.profraw -o "$work/$2.profdata"
    binary=$(find "$work/$2/debug/deps" -type f -perm -u+x -name "$2-*" | head -n1)
    "$tools/llvm-cov" export --format=lcov --instr-profile="$work/$2.profdata" "$binary" \
        --sources "$here/$1/source" | sed -e "s|^SF:$here/$1/|SF:|" >"$out/lcov.info"
}

rust hello-wasm greeter --lib
rust notes-process notes --bins

cd "$here/board-static"
mkdir -p base/reports
node --test --experimental-test-coverage \
    --test-reporter=junit --test-reporter-destination="$work/junit.xml" \
    --test-reporter=lcov --test-reporter-destination="$work/lcov.info" tests/
# Times, places and this machine's name would change with every run.
sed -e 's/ time="[^"]*"//; s/ hostname="[^"]*"//; s/ file="[^"]*"//' -e '/<!--/d' -e "s|$here/||g" "$work/junit.xml" >base/reports/junit.xml
sed -e "s|$here/board-static/||g" "$work/lcov.info" >base/reports/lcov.info
