#!/usr/bin/env bash
# Installs the few system libraries that Qt and the tests need, where Debian's packages are at hand.
set -euo pipefail

needed=(libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxkbcommon-x11-0
        libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 fonts-dejavu-core xvfb dicom3tools)

if ! command -v dpkg-query >/dev/null; then
    echo "No Debian packages here. Qt needs: ${needed[*]}" >&2
    exit 0
fi
missing=()
for package in "${needed[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please have these packages installed: ${missing[*]}" >&2
        exit 0
    fi
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
