#!/usr/bin/env bash
# All checks and all tests. A failed step does not stop the others, except those that need what it makes.
# Ends with a table of what each step took and the line `N passed, N failed`.
source "$(dirname "$0")/common.sh"

LOGS=artefacts/test
mkdir -p "$LOGS"
names=() results=() times=() notes=()
passed=0 failed=0
began=$SECONDS

remember() { names+=("$1") results+=("$2") times+=("$3") notes+=("$4"); }

# step NAME NEEDS COMMAND...: runs the command unless a step in NEEDS (comma separated, or -) has not passed.
step() {
  local name=$1 needs=$2 need from=$SECONDS log status=0
  shift 2
  for need in ${needs//,/ }; do
    [ "$need" = - ] || is_ok "$need" || {
      say "== $name: skipped, it needs \`$need\`"
      remember "$name" skipped 0 "needs $need"
      failed=$((failed + 1))
      return 0
    }
  done
  say "== $name"
  log="$LOGS/$name.log"
  "$@" </dev/null 2>&1 | tee "$log" || status=$?
  local took=$((SECONDS - from)) note
  note=$(count "$log" "$status")
  if [ "$status" = 0 ]; then
    remember "$name" ok "$took" "$note"
    printf '%s   ok%s: %s in %s\n' "$GREEN" "$PLAIN" "$name" "$(duration $took)"
  else
    remember "$name" FAILED "$took" "$note"
    printf '%s   FAILED%s: %s after %s\n' "$RED" "$PLAIN" "$name" "$(duration $took)"
  fi
}

is_ok() {
  local i
  for i in "${!names[@]}"; do
    [ "${names[$i]}" != "$1" ] || [ "${results[$i]}" = ok ] || return 1
  done
}

# Like is_ok, but a step that was left out is not there either.
is_there() {
  local i
  for i in "${!names[@]}"; do
    [ "${names[$i]}" != "$1" ] || [ "${results[$i]}" = ok ] || return 1
  done
  [[ " ${names[*]} " == *" $1 "* ]]
}

# Adds the tests in a log to the totals (`tests`) and tells them; a failed step without a failed test counts as one.
# It runs in a subshell, so the numbers go through a file.
count() {
  local log=$1 status=$2 ok bad
  read -r ok bad < <(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    # cargo nextest
    /^ *Summary \[/ {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) ok += $(i - 1)
        if ($i ~ /^failed/ || $i == "timed" || $i == "exec") bad += $(i - 1)
      }
    }
    # cargo test
    /^test result:/ { ok += $4; bad += $6 }
    # vitest
    /^ *Tests  / {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) ok += $(i - 1)
        if ($i ~ /^failed/) bad += $(i - 1)
      }
    }
    END { print ok + 0, bad + 0 }')
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  echo "$ok $bad" >>"$LOGS/counts"
  if [ "$ok$bad" != 00 ]; then echo "$ok passed, $bad failed"; fi
}

finish() {
  local i ok bad
  while read -r ok bad; do
    passed=$((passed + ok)) failed=$((failed + bad))
  done <"$LOGS/counts"
  echo
  say "What each step took"
  for i in "${!names[@]}"; do
    printf '  %-14s %-8s %8s  %s\n' "${names[$i]}" "${results[$i]}" "$(duration "${times[$i]}")" "${notes[$i]}"
  done
  printf '  %-14s %-8s %8s\n' "all" "" "$(duration $((SECONDS - began)))"
  [ "$failed" = 0 ] || warn "What failed is in $LOGS, one log for each step."
  echo
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

packages() {
  require_toolchains && .make/install.sh build session
}

tools() {
  if ! cargo fmt --version || ! cargo clippy --version; then rustup component add rustfmt clippy; fi
}

front_end_build() { npm --prefix ui run build; }
front_end_check() { npm --prefix ui run check; }
front_end_test() { npm --prefix ui test; }

real_pbx() { .make/asterisk.sh build; }

# Tests that need a real PBX have `real_pbx` in their path.
run_tests() {
  local only=() skip=()
  is_there real-pbx || only=(-E 'not test(/real_pbx/)') skip=(-- --skip real_pbx)
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run "${WORKSPACE[@]}" --all-targets --no-fail-fast "${only[@]}"
  else
    within_limit cargo test "${WORKSPACE[@]}" --all-targets --no-fail-fast "${skip[@]}"
  fi
}

# Unlike cargo nextest, which ends a single test that hangs, cargo test waits for ever: it gets a time as a whole.
within_limit() {
  local limit=${TEST_MINUTES:-45} status=0 running
  # It ends with everything it started, which is why Ctrl-C has to be handed on.
  timeout --kill-after=30 "${limit}m" "$@" &
  running=$!
  trap 'kill -TERM "$running" 2>/dev/null' INT TERM
  wait "$running" || status=$?
  trap - INT TERM
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    warn "Stopped: the tests took longer than $limit minutes, so one of them hangs; the last lines above say in which file."
    warn "cargo-nextest names it and lets the others run on (cargo install --locked cargo-nextest); TEST_MINUTES=N gives more time."
  fi
  return "$status"
}

: >"$LOGS/counts"
if [ -t 0 ] && [ -z "${CI:-}" ] && [ "$(id -u)" != 0 ]; then
  # Asked here, as the steps have no terminal; the step `install` then tells what is still missing.
  .make/install.sh build session || true
fi

step install - packages
step rust-tools install tools
step format rust-tools cargo fmt --all --check
step ui-packages install front_end_packages
step ui-check ui-packages front_end_check
step ui-test ui-packages front_end_test
step ui-build ui-packages front_end_build
# The window takes the built front end in, so without it nothing of the workspace as a whole compiles.
if [ "$(id -u)" = 0 ]; then
  step real-pbx install real_pbx
  if is_there real-pbx; then notes[-1]=$(.make/asterisk.sh version); fi
else
  say "== real-pbx: left out, a real PBX with real phones needs root"
  remember real-pbx "left out" 0 "needs root"
fi
step build install,ui-build cargo build "${WORKSPACE[@]}" --all-targets
step test build run_tests
step doc-test build within_limit cargo test "${WORKSPACE[@]}" --doc --no-fail-fast
step clippy rust-tools,ui-build cargo clippy "${WORKSPACE[@]}" --all-targets -- -D warnings
# Features that tests or the window switch on could hide that the agent lacks them when it is built for release.
step apart rust-tools cargo check --locked -p trayphone -p trayphonectl
step doc ui-build env RUSTDOCFLAGS="-D warnings" cargo doc "${WORKSPACE[@]}" --no-deps --lib --examples
finish
