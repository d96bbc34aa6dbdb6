#!/usr/bin/env bash
# Shows Trayphone at work: a PBX with a lively little company, the real agent, and the real window signed in to it.
#   --kind vodia     a fake PBX; this is what happens without a word
#   --kind asterisk  a real Asterisk with real phones, built once as root
# With a display it runs there until Ctrl-C. Without one (or with --virtual) it brings a desktop of its own on a
# virtual screen, waits until a call rings, leaves artefacts/demo.png, and ends.
# All settings go to a folder that is thrown away; those of the user stay untouched.
source "$(dirname "$0")/common.sh"

VIRTUAL=no
KIND=vodia
while [ $# -gt 0 ]; do
  case "$1" in
    --virtual) VIRTUAL=yes ;;
    --kind)
      [ $# -gt 1 ] || die "demo.sh: --kind wants the name of a kind"
      KIND=$2
      shift
      ;;
    *) die "demo.sh: no such word: $1; there are --virtual and --kind KIND" ;;
  esac
  shift
done
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then VIRTUAL=yes; fi
PICTURE="$PWD/artefacts/demo.png"
# On the user's own desktop the password goes into their own keyring, so the name must not be one they may have.
ACCOUNT=demo
[ $VIRTUAL = yes ] || ACCOUNT=demo-$$
# Seconds between two outside calls of the company.
EVERY=15

if [ $VIRTUAL = yes ]; then steps=8; else steps=6; fi
case "$KIND" in
  vodia) ;;
  asterisk)
    # Said before anything is built, and before anybody has waited for it.
    [ "$(id -u)" = 0 ] || die "A real Asterisk is built by debootstrap and runs by chroot, which needs root; this is user $(id -un).
As root: sudo -E env \"PATH=\$PATH\" make demo KIND=asterisk (what it builds belongs to root then).
Without: make demo, which takes a fake PBX."
    steps=$((steps + 1))
    ;;
  *) die "There is no demonstration of kind \"$KIND\"; there are asterisk (a real one, as root) and vodia (a fake one)." ;;
esac
number=0
began=$SECONDS
progress() {
  number=$((number + 1))
  say "[$number/$steps] $*"
}

progress "What is missing is installed"
require_toolchains
if [ $VIRTUAL = yes ]; then .make/install.sh build session; else .make/install.sh build; fi

if [ "$KIND" = asterisk ]; then
  progress "A real Asterisk is looked for, or built (once: about two minutes and 512 MB, of which 300 to 400 MB stay)"
  .make/asterisk.sh build
  # Where the phones and the PBX are taken from.
  ASTERISK_ROOT=$(.make/asterisk.sh where)
  export ASTERISK_ROOT
fi

progress "The front end is built"
mkdir -p artefacts
front_end_packages
npm --prefix ui run build

progress "The programs are built (the first time this takes some minutes)"
cargo build "${WORKSPACE[@]}" --bins --examples
BIN="$TARGET/debug"
PATH="$BIN:$PATH"

# ---- a folder for this run, and the promise that nothing of it stays behind

DIR=$(mktemp -d "${TMPDIR:-/tmp}/trayphone-demo.XXXXXX")
export TRAYPHONE_DEMO="$DIR"
mkdir -p "$DIR"/{home,config,state,data,cache,logs,services}
mkdir -m 700 "$DIR/run"

# Everything that was started here inherited this variable, so it is found even after its parent has ended.
stop_everything() {
  local process id
  for process in /proc/[0-9]*; do
    id=${process#/proc/}
    if [ "$id" = $$ ] || [ "$id" = "$BASHPID" ]; then continue; fi
    if grep -qazxF "TRAYPHONE_DEMO=$DIR" "$process/environ" 2>/dev/null; then kill "-$1" "$id" 2>/dev/null || true; fi
  done
}
# The PBX, once it was started; a real one has programs of its own to end.
PBX=
clean_up() {
  trap '' INT TERM HUP
  # The account's secret lies in the user's own keyring when this is the user's own desktop.
  trayphonectl account remove "$ACCOUNT" >/dev/null 2>&1 || true
  stop_everything TERM
  [ -z "$PBX" ] || wait_for 10 "the PBX to end" is_gone "$PBX" || true
  sleep 0.5
  stop_everything KILL
  rm -rf "$DIR"
}
# This shell started before the variable was set, so it never finds itself.
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

start() {
  local name=$1
  shift
  setsid "$@" </dev/null >"$DIR/logs/$name.log" 2>&1 &
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $end ]; then
      warn "Waited too long for: $what"
      return 1
    fi
    sleep 0.2
  done
}

is_gone() { ! kill -0 "$1"; }

give_up() {
  warn "$*"
  local log
  for log in "$DIR"/logs/*.log; do
    [ -s "$log" ] || continue
    echo "--- ${log##*/}" >&2
    tail -n 15 "$log" >&2
  done
  if [ $VIRTUAL = yes ] && [ -n "${DISPLAY:-}" ]; then
    import -window root "${PICTURE%.png}-failed.png" 2>/dev/null && warn "The screen at that time: ${PICTURE%.png}-failed.png"
  fi
  exit 1
}

# ---- the desktop

# A panel along the lower edge with nothing but the tray.
panel_settings() {
  local folder="$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml"
  mkdir -p "$folder" "$XDG_CONFIG_HOME/dunst"
  cat >"$folder/xfce4-panel.xml" <<'PANEL'
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=640;y=784"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-3" type="string" value="clock"/>
  </property>
</channel>
PANEL
  cat >"$XDG_CONFIG_HOME/dunst/dunstrc" <<'DUNST'
[global]
origin = top-right
offset = 16x16
width = (320, 420)
font = DejaVu Sans 11
frame_width = 1
markup = no
show_indicators = no
icon_position = left
frame_color = "#86a6b8"

[urgency_normal]
background = "#22313a"
foreground = "#ffffff"

[urgency_critical]
background = "#22313a"
foreground = "#ffffff"
DUNST
}

bus_settings() {
  # Only what the demonstration needs may be started on demand: nothing else of this machine wakes up.
  local service
  for service in org.xfce.Xfconf org.gnome.keyring.SystemPrompter org.gnome.keyring.PrivatePrompter; do
    cp "/usr/share/dbus-1/services/$service.service" "$DIR/services/" 2>/dev/null || true
  done
  cat >"$DIR/bus.conf" <<BUS
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path=$DIR/run/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>$DIR/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
BUS
}

is_on_bus() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$1" | grep -q 'boolean true'
}
tray_has_item() {
  dbus-send --session --print-reply --dest=org.kde.StatusNotifierWatcher /StatusNotifierWatcher \
    org.freedesktop.DBus.Properties.Get string:org.kde.StatusNotifierWatcher string:RegisteredStatusNotifierItems |
    grep -q 'string "[^"]'
}

virtual_desktop() {
  unset WAYLAND_DISPLAY XAUTHORITY SESSION_MANAGER
  export HOME="$DIR/home" XDG_CURRENT_DESKTOP=XFCE XDG_SESSION_TYPE=x11 NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory
  # No graphics card behind this screen.
  export LIBGL_ALWAYS_SOFTWARE=1 WEBKIT_DISABLE_DMABUF_RENDERER=1
  setsid Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$DIR/display" </dev/null >"$DIR/logs/screen.log" 2>&1 &
  wait_for 20 "the virtual screen" test -s "$DIR/display" || give_up "There is no virtual screen."
  DISPLAY=":$(cat "$DIR/display")"
  export DISPLAY
  bus_settings
  export DBUS_SESSION_BUS_ADDRESS="unix:path=$DIR/run/bus"
  start bus dbus-daemon --config-file="$DIR/bus.conf" --nofork
  wait_for 20 "the session bus" is_on_bus org.freedesktop.DBus || give_up "There is no session bus."
  panel_settings
  # A key for a keyring that is thrown away with the rest.
  printf 'demo' | setsid gnome-keyring-daemon --foreground --unlock --components=secrets >"$DIR/logs/keyring.log" 2>&1 &
  start frames xfwm4 --compositor=off
  start panel xfce4-panel --disable-wm-check
  start notices dunst
  display -window root -size 1280x800 'gradient:#33658a-#2f4858' >/dev/null 2>&1 || true
  wait_for 30 "the tray" is_on_bus org.kde.StatusNotifierWatcher || give_up "There is no tray."
  wait_for 30 "the notifications" is_on_bus org.freedesktop.Notifications || give_up "There are no notifications."
  wait_for 30 "the keyring" is_on_bus org.freedesktop.secrets || give_up "There is no keyring."
}

# The sockets of the user's own session, under the throw-away runtime folder.
user_desktop() {
  local socket own="${XDG_RUNTIME_DIR:-}"
  [ -n "$own" ] || return 0
  for socket in "$own"/{bus,at-spi,pulse,dconf,"${WAYLAND_DISPLAY:-wayland-0}"}; do
    [ ! -e "$socket" ] || ln -s "$socket" "$DIR/run/"
  done
  export DBUS_SESSION_BUS_ADDRESS="${DBUS_SESSION_BUS_ADDRESS:-unix:path=$own/bus}"
}

if [ $VIRTUAL = yes ]; then progress "A desktop starts on a virtual screen"; else user_desktop; fi
export XDG_CONFIG_HOME="$DIR/config" XDG_STATE_HOME="$DIR/state" XDG_DATA_HOME="$DIR/data" XDG_CACHE_HOME="$DIR/cache"
export XDG_RUNTIME_DIR="$DIR/run" TRAYPHONE_SOCKET="$DIR/run/trayphone/control.sock"
[ $VIRTUAL = no ] || virtual_desktop

# ---- the company, the agent, the account

# told NAME: what the PBX told about itself on its first line.
told() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$DIR/logs/pbx.log" | head -n 1; }
# open_pbx SECONDS PROGRAM...: starts it and waits until it listens.
open_pbx() {
  local patience=$1
  shift
  start pbx "$@"
  PBX=$!
  wait_for "$patience" "the PBX" pbx_listens_or_ended || give_up "The PBX does not start."
  pbx_listens || give_up "The PBX has ended at once."
}
pbx_listens() { grep -q '"listening"' "$DIR/logs/pbx.log"; }
pbx_listens_or_ended() { pbx_listens || is_gone "$PBX"; }

case "$KIND" in
  vodia)
    progress "The fake PBX opens"
    # The user of the fake company, see `fake-vodia --help`.
    open_pbx 20 fake-vodia --lively --user 204 --every "$EVERY"
    URL=$(told url)
    PASSWORD=Sample-Pw9
    WORDS=(--domain tenant.example --user 204)
    TRY=
    echo "  at $URL"
    ;;
  asterisk)
    progress "Asterisk opens, and three phones"
    open_pbx 60 asterisk-bed --every "$EVERY"
    URL=$(told amis)
    PASSWORD=$(told secret)
    # The phone of this user obeys when it is told to answer or to hold.
    WORDS=(--user "$(told user)" --pin "$(told certificate_sha256)" --set "extension=$(told extension)")
    WORDS+=(--set answer=notify-endpoint --set hold=notify-endpoint)
    TRY="Call 101 or 102: your own phone rings first and is lifted for you after two seconds, then a colleague takes the call."
    echo "  Asterisk $(told version) at $URL; you are extension $(told extension)"
    ;;
esac

progress "The agent starts and signs in"
start agent trayphone
wait_for 20 "the agent" trayphonectl --json status || give_up "The agent does not start."
trayphonectl account add "$ACCOUNT" --kind "$KIND" --url "$URL" "${WORDS[@]}" --password-stdin <<<"$PASSWORD" ||
  give_up "The agent does not sign in."
is_online() { trayphonectl --json status | grep -Eq '"link": ?"online"'; }
wait_for 30 "the account to be online" is_online || give_up "The account is not online."
trayphonectl status

progress "The window opens"
trayphone --window calls </dev/null || give_up "The agent opens no window."

if [ $VIRTUAL = no ]; then
  echo
  say "Trayphone runs in your tray. Every $EVERY seconds somebody calls: answer from the notification, the tray or the window."
  [ -z "$TRY" ] || echo "$TRY"
  echo "In another terminal: export TRAYPHONE_SOCKET=$TRAYPHONE_SOCKET; $BIN/trayphonectl calls"
  echo "Ctrl-C ends it all and leaves nothing behind."
  trap 'echo; say "Ended."; exit 0' INT TERM
  trap 'exit 0' HUP
  while trayphonectl --json status >/dev/null 2>&1; do sleep 1; done
  give_up "The agent has ended."
fi

# ---- what a person would see

window_id() { xdotool search --onlyvisible --name '^Trayphone' | head -n 1 | grep .; }
# An empty web view has a handful of colours; one that has drawn has many.
window_is_drawn() { [ "$(import -window "$(window_id)" png:- | identify -format %k png:-)" -gt 60 ]; }
call_rings() { trayphonectl --json calls | grep -Eq '"state": ?"ringing"'; }
notice_shows() { [ "$(dunstctl count displayed)" -gt 0 ]; }

wait_for 60 "the window" window_id || give_up "The window does not open."
wait_for 30 "the window to draw itself" window_is_drawn || give_up "The window stays empty."
wait_for 20 "the tray icon" tray_has_item || give_up "There is no tray icon."

progress "A call rings"
wait_for $((EVERY * 4)) "a call" call_rings || give_up "Nobody calls."
wait_for 5 "the notification" notice_shows || give_up "No notification shows."
# The window draws the call within a frame or two.
sleep 0.5
trayphonectl calls
import -window root "$PICTURE" || give_up "The screen cannot be pictured."

say "The demonstration took $(duration $((SECONDS - began))):"
echo "  online at $URL, tray icon, window and notification were there, and a call rang."
echo "  The picture of it: $PICTURE"
