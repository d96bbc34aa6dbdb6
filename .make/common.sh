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

# Prints the first version number, such as 1.90 or 20.19.0, of a text.
version_in() { sed -n 's/^[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p' <<<"$1" | head -n 1; }

# Tells whether version $1 is $2 or newer; one that cannot be read counts as new enough.
at_least() { [ -z "$1" ] || [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Rust and Node come from their own installers, not from here. The least versions stand in Cargo.toml and ui/package.json.
require_toolchains() {
  local missing=() rust node is
  rust=$(version_in "$(grep -m 1 '^rust-version' Cargo.toml)")
  node=$(version_in "$(grep -m 1 '"engines"' ui/package.json)")
  if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
    missing+=("Rust $rust or newer (https://rustup.rs)")
  else
    is=$(version_in "$(rustc --version || true)")
    at_least "$is" "$rust" || missing+=("Rust $rust or newer; here is $is (\`rustup update\`, or https://rustup.rs)")
  fi
  if ! command -v node >/dev/null; then
    missing+=("Node $node or newer (https://nodejs.org)")
  else
    is=$(version_in "$(node --version || true)")
    at_least "$is" "$node" || missing+=("Node $node or newer; here is $is (https://nodejs.org)")
  fi
  command -v npm >/dev/null || missing+=("npm (comes with Node)")
  if [ ${#missing[@]} -gt 0 ]; then
    warn "Missing or too old, please install first:"
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
