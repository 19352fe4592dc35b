#!/bin/sh
# Installs nats-server where it is missing: tests of the cluster start it, on a port and with a store of its own.
# NATS_SERVER names another one than Debian's; the tests look there, too. Running it again does nothing.
set -eu

server="${NATS_SERVER:-/usr/sbin/nats-server}"
if [ -x "$server" ]; then
  echo "nats-server is there: $server"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-nats-server: no apt-get on this machine; install nats-server and set NATS_SERVER to its path" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-nats-server: must run as root: sudo scripts/install-nats-server.sh" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends nats-server
# Where there is a systemd, the package has started a server of its own: the tests start theirs.
if [ -d /run/systemd/system ]; then
  systemctl disable --now nats-server
fi
/usr/sbin/nats-server --version
