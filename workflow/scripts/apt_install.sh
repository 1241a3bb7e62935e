#!/bin/sh
# Installs Debian packages where that is allowed (as root); callers take turns, as apt-get refuses to run twice.
set -eu
command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || exit 1
exec 9< "$0"
if command -v flock >/dev/null; then flock 9; fi
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=600 update -qq
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "$@" >/dev/null
