#!/bin/sh
# Installs a browser for the test of the report where that is allowed; the test is skipped without.
scripts=$(dirname "$0")
command -v chromedriver >/dev/null || sh "$scripts/apt_install.sh" chromium chromium-driver
command -v chromedriver >/dev/null || echo "No chromedriver: the test of the HTML report will be skipped." >&2
exit 0
