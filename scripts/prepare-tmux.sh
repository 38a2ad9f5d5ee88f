#!/bin/sh
# Makes sure that tmux 3.2 or newer is installed, through the system's package manager.
# Says what it does; without the rights for it, prints the one command to run and stops.
set -eu

recent() {
    version=$(tmux -V 2>/dev/null | sed 's/^tmux //; s/^next-//') || return 1
    case $version in
        master) return 0 ;;
        [0-9]*) ;;
        *) return 1 ;;
    esac
    major=${version%%.*}
    minor=$(printf '%s' "${version#*.}" | sed 's/[^0-9].*//')
    [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "${minor:-0}" -ge 2 ]; }
}

command -v tmux >/dev/null 2>&1 && recent && exit 0

if command -v apt-get >/dev/null 2>&1; then
    install="apt-get update && apt-get install --yes tmux"
elif command -v dnf >/dev/null 2>&1; then
    install="dnf install --assumeyes tmux"
elif command -v pacman >/dev/null 2>&1; then
    install="pacman --sync --refresh --noconfirm tmux"
elif command -v apk >/dev/null 2>&1; then
    install="apk add tmux"
elif command -v zypper >/dev/null 2>&1; then
    install="zypper --non-interactive install tmux"
elif command -v brew >/dev/null 2>&1; then
    install="brew install tmux"
else
    echo "tungsten: tmux 3.2 or newer is needed and no known package manager was found; install it from https://github.com/tmux/tmux" >&2
    exit 1
fi

case $install in
    brew*) as="" ;;
    *)
        if [ "$(id -u)" -eq 0 ]; then
            as=""
        elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            as="sudo "
        else
            echo "tungsten: tmux 3.2 or newer is needed. Run this once, then make again:" >&2
            echo "    sudo sh -c '$install'" >&2
            exit 1
        fi
        ;;
esac

echo "tungsten: installing tmux: ${as}${install}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! DEBIAN_FRONTEND=noninteractive ${as}sh -c "$install" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "tungsten: tmux could not be installed; run it yourself: ${as}sh -c '$install'" >&2
    exit 1
fi
if ! recent; then
    echo "tungsten: the package manager offers $(tmux -V 2>/dev/null || echo 'no tmux'), and 3.2 or newer is needed; see https://github.com/tmux/tmux/wiki/Installing" >&2
    exit 1
fi
