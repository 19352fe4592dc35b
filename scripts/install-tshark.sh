#!/bin/sh
# Installs tshark where it is missing: one test runs the dissector that nanowire dissector writes in it. Running it again does nothing.
set -eu

if command -v tshark >/dev/null 2>&1; then
  echo "tshark is there: $(command -v tshark)"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-tshark: no apt-get on this machine; install tshark 3.4 or newer, with Lua" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-tshark: must run as root: sudo scripts/install-tshark.sh" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# The lists may be there from what was installed before. Nothing is written to the disk before dpkg goes on: the machine is not to be kept.
install="apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io tshark"
$install || { apt-get update && $install; }
tshark --version | head -1
