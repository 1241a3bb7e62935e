#!/bin/sh
# Installs a browser for the test of the report where that is allowed; the test is skipped without.
command -v chromedriver >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
fi
command -v chromedriver >/dev/null || echo "No chromedriver: the test of the HTML report will be skipped." >&2
exit 0
