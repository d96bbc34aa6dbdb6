#!/usr/bin/env bash
# Builds the release programs: the window and the rest apart, so that the agent never sees the window's features.
source "$(dirname "$0")/common.sh"
require_toolchains
.make/install.sh build
say "== front end"
front_end_packages
npm --prefix ui run build
say "== agent and command line"
cargo build --release --locked -p trayphone -p trayphonectl
say "== window"
cargo build --release --locked -p trayphone-window
say "Built:"
ls -l "$TARGET"/release/trayphone "$TARGET"/release/trayphonectl "$TARGET"/release/trayphone-window
