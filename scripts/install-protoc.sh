#!/bin/sh
# Installs protoc (Debian's protobuf-compiler) where it is missing: the plugin's tests run it. Running it again does nothing.
set -eu
if command -v protoc >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
  as_root=""
else
  as_root="sudo"
fi
$as_root apt-get install -y protobuf-compiler >/dev/null 2>&1 || {
  $as_root apt-get update >/dev/null
  $as_root apt-get install -y protobuf-compiler >/dev/null
}
protoc --version
