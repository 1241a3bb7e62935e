#!/bin/sh
# Installs a browser for the tests of the HTML pages where that is allowed; they are skipped without.
scripts=$(dirname "$0")
command -v chromedriver >/dev/null || sh "$scripts/apt_install.sh" chromium chromium-driver
command -v chromedriver >/dev/null || echo "No chromedriver: the tests of the HTML pages will be skipped." >&2
exit 0
