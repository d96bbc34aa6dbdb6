#!/usr/bin/env bash
# Measures the promised figures with the release build of the agent alone; prints a table. Arguments go to the program.
# As root it also measures at a real Asterisk, once `.make/asterisk.sh build` has made one.
source "$(dirname "$0")/common.sh"
require_toolchains
.make/install.sh build session
# The tests' package switches on nothing in the agent's crates that the agent alone lacks, so one build serves both.
cargo build --release --locked -p trayphone -p phone-tests --bins
exec "$TARGET/release/bench" "$@"
