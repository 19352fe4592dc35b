#!/bin/sh
# Unpacks tshark where it is missing: one test runs the dissector that `nanowire dissector` writes in it. Debian's packages are not
# installed but unpacked into a folder of their own, which takes a fifth of the time. TSHARK names another one; the test looks there, too.
# Running it again does nothing.
set -eu

folder=/opt/nanowire-tshark
tshark="${TSHARK:-$folder/tshark}"
if [ -x "$tshark" ] || command -v tshark >/dev/null 2>&1; then
  echo "tshark is there"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-tshark: no apt-get on this machine; install tshark 3.4 or newer, with Lua, and set TSHARK to its path" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-tshark: must run as root: sudo scripts/install-tshark.sh" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
packages="$(mktemp -d)"
trap 'rm -rf "$packages"' EXIT
mkdir "$packages/partial"
chmod 755 "$packages"
download() {
  apt-get install -y -qq --download-only --no-install-recommends -o Dir::Cache::archives="$packages" tshark
}
# The lists may be there, of what was installed before.
download || { apt-get update && download; }
mkdir -p "$folder"
for package in "$packages"/*.deb; do
  dpkg-deb -x "$package" "$folder"
done
# It is a link to where it would be installed.
cp --remove-destination "$folder/etc/wireshark/init.lua" "$folder/usr/share/wireshark/init.lua"
# Whoever runs it as root cannot tell it where its data is.
if [ ! -e /usr/share/wireshark ]; then
  ln -s "$folder/usr/share/wireshark" /usr/share/wireshark
fi
cat > "$folder/tshark" <<WRAPPER
#!/bin/sh
root=$folder/usr
export LD_LIBRARY_PATH="\$(echo \$root/lib/*-linux-gnu)"
exec "\$root/bin/tshark" "\$@"
WRAPPER
chmod +x "$folder/tshark"
"$folder/tshark" --version 2>/dev/null | head -1
