#!/usr/bin/env bash
# A real Asterisk with real SIP phones for tests and demonstration, in a folder of its own: `asterisk.sh build|version|where`.
#   build    makes the folder if it is not there yet, and says which Asterisk it holds
#   version  says which Asterisk the folder holds; fails if there is none
#   where    prints the folder
# ASTERISK_ROOT names the folder, so that it can be kept between runs; ASTERISK_MIRROR a mirror of Debian, if apt uses none;
# ASTERISK_SUITES the releases to try, in this order.
source "$(dirname "$0")/common.sh"

ROOT="${ASTERISK_ROOT:-$TARGET/asterisk}"
case "$ROOT" in /*) ;; *) ROOT="$PWD/$ROOT" ;; esac
# Written last, so only a folder that is complete has it.
STAMP=.trayphone-asterisk
# The newest packages first; then the oldest release that still has Asterisk (16.28).
read -r -a SUITES <<<"${ASTERISK_SUITES:-sid bullseye}"
PACKAGES=asterisk,baresip-core

is_there() { [ -f "$ROOT/$STAMP" ] && [ -x "$ROOT/usr/sbin/asterisk" ] && [ -x "$ROOT/usr/bin/baresip" ]; }

version() { printf '%s, %s, from %s, in %s\n' "$(version_of asterisk)" "$(version_of baresip)" "$(cat "$ROOT/$STAMP")" "$ROOT"; }

version_of() {
  case "$1" in
    asterisk) sed -n '/^Package: asterisk$/,/^$/s/^Version: [0-9]*:\([0-9.]*\).*/Asterisk \1/p' "$ROOT/var/lib/dpkg/status" ;;
    baresip) sed -n '/^Package: baresip-core$/,/^$/s/^Version: \([0-9.]*\).*/baresip \1/p' "$ROOT/var/lib/dpkg/status" ;;
  esac
}

# The mirrors of Debian that apt already uses; those of security updates hold no whole release.
mirrors() {
  if [ -n "${ASTERISK_MIRROR:-}" ]; then
    echo "$ASTERISK_MIRROR"
  elif command -v apt-get >/dev/null; then
    # shellcheck disable=SC2016 # the words are apt's, not the shell's
    apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
      awk '$1 == "main" && $2 ~ /^https?:/ && $2 !~ /security/ && !seen[$2]++ { print $2 }'
  fi
}

# What was half made is removed: by then debootstrap may still have its own mounts in it.
remove_half() {
  local inside
  for inside in proc sys dev/pts dev; do umount -l "$HALF/$inside" 2>/dev/null || true; done
  rm -rf --one-file-system "$HALF"
}

# try SUITE MIRROR: builds in $HALF and moves it to $ROOT once it is seen to work.
try() {
  local suite=$1 mirror=$2 from=$SECONDS
  say "Installing Asterisk and its phones from $suite of ${mirror%%\?*}"
  remove_half
  if ! debootstrap --variant=minbase --include="$PACKAGES" "$suite" "$HALF" "$mirror" </dev/null >"$LOG" 2>&1; then
    tail -n 3 "$LOG" | sed 's/^/  /'
    return 1
  fi
  # What neither Asterisk nor a phone ever reads is nearly half of it.
  rm -rf "$HALF"/var/cache/apt/archives/*.deb "$HALF"/var/lib/apt/lists/* "$HALF"/usr/share/{doc,man,locale}
  # Nothing in there looks for a name outside this machine.
  : >"$HALF/etc/resolv.conf"
  if ! chroot "$HALF" /usr/sbin/asterisk -V >/dev/null || [ ! -x "$HALF/usr/bin/baresip" ]; then
    echo "  the packages were installed, but Asterisk does not start"
    return 1
  fi
  echo "$suite" >"$HALF/$STAMP"
  # What is there carries our stamp, see `build`, and has been damaged since.
  rm -rf --one-file-system "$ROOT"
  mv "$HALF" "$ROOT"
  say "Built in $(duration $((SECONDS - from))), $(du -sm "$ROOT" | cut -f 1) MB."
}

build() {
  local suite mirror proxy='' found=()
  if is_there; then
    version
    return 0
  fi
  [ "$(id -u)" = 0 ] || die "A real Asterisk needs root (debootstrap and chroot), and this is user $(id -un)."
  if [ -e "$ROOT" ] && [ ! -f "$ROOT/$STAMP" ] && ! rmdir "$ROOT" 2>/dev/null; then
    die "$ROOT holds something else; please name another folder by ASTERISK_ROOT."
  fi
  .make/install.sh asterisk
  command -v debootstrap >/dev/null || die "A real Asterisk needs debootstrap, which is not installed here."

  mkdir -p "$(dirname "$ROOT")"
  exec {lock}>"$ROOT.lock"
  flock -n "$lock" || { echo "Somebody else is building $ROOT; waiting." && flock "$lock"; }
  if is_there; then
    version
    return 0
  fi
  say "A real Asterisk is not there yet. Building it takes one to two minutes and 512 MB in $ROOT, of which 300 to 400 MB stay."
  HALF="$ROOT.half" LOG="$ROOT.log"
  trap remove_half EXIT
  # debootstrap does not ask apt how it gets through.
  eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)"
  if [ -n "$proxy" ] && [ "$proxy" != DIRECT ]; then export http_proxy="${http_proxy:-$proxy}"; fi
  mapfile -t found < <(mirrors)
  [ ${#found[@]} -gt 0 ] || die "No Asterisk: apt uses no mirror of Debian here. ASTERISK_MIRROR can name one."
  for suite in "${SUITES[@]}"; do
    for mirror in "${found[@]}"; do
      if try "$suite" "$mirror"; then
        version
        return 0
      fi
      warn "$suite could not be installed from ${mirror%%\?*} (the whole story: $LOG)."
    done
  done
  die "No Asterisk today: none of ${SUITES[*]} could be installed from ${found[*]}. ASTERISK_MIRROR can name another mirror of Debian."
}

case "${1:-}" in
  build) build ;;
  version) is_there || die "There is no Asterisk in $ROOT; \`.make/asterisk.sh build\` makes it." && version ;;
  where) echo "$ROOT" ;;
  *) die "asterisk.sh: build, version or where" ;;
esac
