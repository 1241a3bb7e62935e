#!/bin/sh
# Sets up the virtual environment named by the first argument: a Python of at least 3.11 with the packages of
# requirements.lock. One that was made for another path (a renamed folder) or another Python is made anew.
set -eu
scripts=$(dirname "$0")
venv=$1
version='import sys; print("Python %d.%d" % sys.version_info[:2])'

made_for() { # path and Python of an environment; fails if its Python does not run
    pwd -P && "$venv/bin/python" -I -c "$version"
}

chosen() { # whether it is the Python that the caller named, if any
    [ -z "${PYTHON:-}" ] || [ "$("$PYTHON" -I -c "$version")" = "$("$venv/bin/python" -I -c "$version")" ]
}

usable() {
    [ -e "$venv/made_for" ] && [ "$(made_for 2>/dev/null)" = "$(cat "$venv/made_for")" ] && chosen
}

create() {
    python=${PYTHON:-python3}
    if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "Python 3.11 or newer is needed, found: $("$python" --version 2>&1). Name another: make PYTHON=python3.12" >&2
        exit 1
    fi
    if ! "$python" -I -c 'import ensurepip, venv' 2>/dev/null && ! sh "$scripts/apt_install.sh" python3-venv; then
        echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    clear=
    if [ -e "$venv/made_for" ] || [ -e "$venv/installed" ]; then
        echo "$venv belongs to another folder or Python and is made anew."
        clear=--clear
    fi
    echo "Creating $venv with $("$python" --version)"
    "$python" -I -m venv $clear "$venv"
    made_for > "$venv/made_for"
}

if ! usable; then create; fi
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$(cat requirements.lock)" ]; then
    "$venv/bin/python" -I "$scripts/install_packages.py" requirements.lock
    cat requirements.lock > "$venv/installed"
fi
# `import icgd` works in this environment.
for packages in "$venv"/lib/python*/site-packages; do
    echo "$PWD/src" > "$packages/icgd.pth"
done
