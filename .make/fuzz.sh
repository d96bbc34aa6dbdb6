#!/usr/bin/env bash
# Feeds the readers of frames and of numbers with noise. Not part of `make test`, which replays the corpus instead.
source "$(dirname "$0")/common.sh"
cargo fuzz --version >/dev/null 2>&1 || die "cargo-fuzz is missing: cargo install --locked cargo-fuzz"
crates=(src-tauri/crates/pbx src-tauri/crates/core)
seconds="${FUZZ_SECONDS:-60}"
# The sanitizer flags are nightly ones; this lets a stable toolchain take them.
export RUSTC_BOOTSTRAP=1
root=$PWD
for crate in "${crates[@]}"; do
  cd "$root/$crate" || exit
  for target in $(cargo fuzz list); do
    say "== $target, $seconds s"
    # What is found goes into the first folder; the second one is under version control and only read.
    found="fuzz/target/found/$target"
    mkdir -p "$found"
    cargo fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
      "-max_total_time=$seconds" -timeout=10 -max_len=4096 -rss_limit_mb=2048
  done
done
