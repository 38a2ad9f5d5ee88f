#!/bin/sh
# Makes .venv and installs Tungsten into it, in place. Usage: prepare-python.sh run|develop
# Does nothing when the installed dependencies are those that pyproject.toml names.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}
venv=.venv

fail() { printf 'tungsten: %s\n' "$*" >&2; exit 1; }

python=
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3"

# A virtual environment whose interpreter is gone cannot be mended, only made anew.
if [ -e "$venv" ] && ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
fi
if [ ! -x "$venv/bin/pip" ]; then
    echo "tungsten: making the virtual environment in .venv"
    "$python" -m venv "$venv" || fail "$python has no working venv module; on Debian and Ubuntu: apt-get install python3-venv"
fi

stamp="$venv/.prepared-$want"
fingerprint=$(cat pyproject.toml hatch_build.py scripts/prepare-python.sh | cksum; pwd)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ]; then
    exit 0
fi
rm -f "$venv"/.prepared-*
echo "tungsten: installing dependencies into .venv (the first time takes a few minutes)"
pip="$venv/bin/python -m pip --disable-pip-version-check install --no-compile --progress-bar off"
log="$venv/pip.log"
# Of what pip says each package as it comes, so that somebody who waits sees it go on; all of its
# last words where it fails.
install() {
    rm -f "$log.done"
    : >"$log"
    { $pip "$@" 2>&1 && : >"$log.done"; } | while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        case $line in
            Collecting\ *) name=${line#Collecting }; echo "  ${name%%[ ;\[<>=!~]*}" ;;
            Installing\ collected*) echo "  unpacking all of them" ;;
        esac
    done
    [ -f "$log.done" ] && return
    tail -n 8 "$log" >&2
    return 1
}
offline="packages could not be installed, for the reason above; check the network or the package index, then run make again"
# Dependency groups need pip 25.1 (https://pip.pypa.io/en/stable/news/#v25-1).
if ! $venv/bin/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))'; then
    install 'pip>=25.1' || fail "$offline"
fi
if [ "$want" = develop ]; then
    install --editable . --group dev || fail "$offline"
    echo "$fingerprint" >"$venv/.prepared-run"
else
    install --editable . || fail "$offline"
fi
# Or the first start would, and each of many that are first at once. On all processors, as pip does
# not; some packages bring files that are for another Python. Who develops has the tests collected
# first, which compiles what is used of the libraries: a third of them.
if [ "$want" = run ]; then
    libraries=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    "$venv/bin/python" -m compileall -qq -j 0 "$libraries" || :
fi
"$venv/bin/python" -m compileall -q -j 0 agent memory tui tungsten
echo "$fingerprint" >"$stamp"
