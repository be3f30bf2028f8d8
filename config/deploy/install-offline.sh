#!/bin/sh
# Installs the engine from the wheels beside this file, without any network:
#   sh install-offline.sh [PREFIX]        PREFIX is /opt/hp24 unless said otherwise
# Each version gets a folder of its own, PREFIX/releases/VERSION; PREFIX/current names the one in use. PYTHON names another python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${1:-/opt/hp24}
python=${PYTHON:-python3}

fail() {
    echo "install-offline: $1" >&2
    exit 1
}

(cd "$here" && sha256sum --check --quiet SHA256SUMS) || fail "the files are not what was packed; nothing was installed"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"

product=$(basename "$(ls "$here"/hp24_interface-*.whl)")
version=$(echo "$product" | cut -d- -f2)
release=$prefix/releases/$version
[ ! -e "$release" ] || fail "$release is there already"

trap 'rm -rf "$release"' EXIT
mkdir -p "$prefix/releases"
"$python" -m venv "$release"
"$release/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$here" \
    "$here/$product"
"$release/bin/hp24" --version
mkdir -p "$release/share/hp24"
cp "$here"/hp24.service "$here"/hp24-admin "$here"/README.md "$release/share/hp24/"
trap - EXIT

# One rename: at every instant `current` is the old version or the new one.
ln -sfn "releases/$version" "$prefix/.current"
mv -T "$prefix/.current" "$prefix/current"
echo "installed $version in $release; $prefix/current is this version now"
