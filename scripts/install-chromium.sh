#!/bin/sh
# Installs Chromium where it is missing: the tests of the chat page run it. Running it again does nothing.
# CHROMIUM names another browser than /usr/bin/chromium; the tests look there, too.
set -eu

browser="${CHROMIUM:-/usr/bin/chromium}"
if [ -x "$browser" ]; then
  echo "chromium is there: $browser"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-chromium: no apt-get on this machine; install Chromium and set CHROMIUM to its path" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-chromium: must run as root: sudo scripts/install-chromium.sh" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends chromium
# What was installed is at Debian's path, wherever CHROMIUM may point.
if [ ! -x /usr/bin/chromium ]; then
  echo "install-chromium: apt-get installed chromium, but /usr/bin/chromium is missing" >&2
  exit 1
fi
/usr/bin/chromium --version
