#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are missing: `install.sh [build] [session] [asterisk]`.
# Says what, and asks before it uses root, unless it runs as root or in CI.
source "$(dirname "$0")/common.sh"

# To build the window; the agent and the command line need none of the -dev packages.
BUILD=(build-essential pkg-config libwebkit2gtk-4.1-dev libgtk-3-dev librsvg2-dev)
# To run the real programs in a real desktop on a virtual screen.
SESSION=(
  xvfb x11-utils xdotool xclip wmctrl imagemagick xterm mousepad sway wl-clipboard
  dbus dbus-x11 systemd libglib2.0-bin at-spi2-core iproute2 util-linux
  xfwm4 xfconf xfce4-panel adwaita-icon-theme fonts-dejavu-core
  gnome-keyring gcr libsecret-tools dunst libnotify-bin
  xdg-utils desktop-file-utils libexo-common xdg-desktop-portal webkit2gtk-driver
)
# A real browser. Ubuntu has Chromium only as a snap, which sees neither the folders nor the buses of a test; there the
# tests take Google Chrome, which has to be installed from its maker's own package.
if ! command -v google-chrome >/dev/null && ! grep -qs '^ID=ubuntu' /etc/os-release; then SESSION+=(chromium); fi
# To build the folder with a real Asterisk and its phones, which is a small Debian whatever this system is.
ASTERISK=(debootstrap debian-archive-keyring)

wanted=()
for group in "${@:-build}"; do
  case "$group" in
    build) wanted+=("${BUILD[@]}") ;;
    session) wanted+=("${SESSION[@]}") ;;
    asterisk) wanted+=("${ASTERISK[@]}") ;;
    *) die "install.sh: no such group of packages: $group" ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "This is neither Debian nor Ubuntu, so nothing is installed here. By their Debian names, these are needed:"
  printf '  %s\n' "${wanted[*]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All ${#wanted[@]} packages are here."
  exit 0
fi

say "These packages are missing:"
printf '  %s\n' "${missing[@]}"
command=(apt-get -o DPkg::Lock::Timeout=300)
if [ "$(id -u)" != 0 ]; then
  by_hand="sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  command -v sudo >/dev/null || die "Installing them needs root, and there is no sudo. Please run as root: ${by_hand//sudo /}"
  if [ -z "${CI:-}" ]; then
    [ -t 0 ] || die "Installing them needs root, and nobody can be asked here. Please run: $by_hand"
    # The end of the input is a no.
    read -r -p "Install them now with sudo? [y/N] " answer || { answer=no && echo; }
    case "$answer" in
      [yY]*) ;;
      *) die "Nothing was installed. To do it by hand: $by_hand" ;;
    esac
    command=(sudo "${command[@]}")
  else
    command=(sudo -n "${command[@]}")
  fi
fi
export DEBIAN_FRONTEND=noninteractive
not_installed() { die "They could not be installed.${by_hand:+ To do it by hand: $by_hand}"; }
"${command[@]}" update </dev/null || not_installed
"${command[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null || not_installed
