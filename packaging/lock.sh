#!/usr/bin/env bash
# Renews the pinned locks from a fresh environment: names and versions only, no index, no links.
# torch is pinned in one place, here; its CUDA packages are left to the platform.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for kind in "" "-dev"; do
    extra=""; [ "$kind" = "-dev" ] && extra="[dev]"
    python3 -m venv "$work/env$kind"
    "$work/env$kind/bin/pip" install --quiet torch==2.13.0 "setuptools>=77" ".$extra"
    "$work/env$kind/bin/pip" freeze --all --exclude pip --exclude glam-workstation \
        | grep -Ev '^(nvidia-|triton|cuda-)' \
        | sed -E 's/ @ .*torch-([0-9.]+).*/==\1/; s/\+cpu$//' > "packaging/requirements$kind.lock"
done
