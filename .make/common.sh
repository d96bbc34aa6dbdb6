# shellcheck shell=bash disable=SC2034
# Words that all scripts of this folder share; sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -n "${CI:-}" ]; then
  # A fresh clone compiles everything once: incremental state would only cost time and space.
  export CARGO_INCREMENTAL=0
fi
export CARGO_TERM_PROGRESS_WHEN=never
# npm leaves nothing in the home folder but its cache, and advertises nothing.
export npm_config_update_notifier=false npm_config_logs_max=0
export CARGO_NET_RETRY="${CARGO_NET_RETRY:-5}"
# One feature set and one selection of packages for tests and demonstration: a second one would compile most crates again.
# `--examples` beside another selection picks nothing, but lets dev-dependencies count, so that the same builds of crates serve.
WORKSPACE=(--workspace --locked --features phone-control/ts)
TARGET="${CARGO_TARGET_DIR:-$PWD/target}"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' GREEN='' RED='' PLAIN=''
fi

say() { printf '%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
warn() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; }
die() {
  warn "$*"
  exit 1
}

# Prints a number of seconds as 4m05s.
duration() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# Rust and Node come from their own installers, not from here.
require_toolchains() {
  local missing=()
  command -v cargo >/dev/null || missing+=("Rust (https://rustup.rs)")
  command -v node >/dev/null || missing+=("Node 20 or newer (https://nodejs.org)")
  command -v npm >/dev/null || missing+=("npm (comes with Node)")
  if [ ${#missing[@]} -gt 0 ]; then
    warn "Missing, please install first:"
    printf '  - %s\n' "${missing[@]}" >&2
    return 1
  fi
}

# Fetches the front end's packages when the lock file has changed since the last time.
front_end_packages() {
  local stamp=ui/node_modules/.trayphone-lock
  if [ -f "$stamp" ] && cmp -s ui/package-lock.json "$stamp"; then
    echo "ui/node_modules is up to date."
    return 0
  fi
  npm --prefix ui ci --no-audit --no-fund && cp ui/package-lock.json "$stamp"
}
