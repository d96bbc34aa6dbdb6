#!/usr/bin/env bash
# Measures the promised figures with the release build of the agent alone; prints a table.
source "$(dirname "$0")/common.sh"
require_toolchains
.make/install.sh build session
# Apart from the bench program, which would add its own features to the agent's.
cargo build --release --locked -p trayphone -p trayphonectl
cargo run --release --locked -p phone-tests --bin bench -- "$@"
