#!/usr/bin/env bash
# Opens the viewer on the synthetic demo exams; without a display it draws the same session to files.
set -euo pipefail
cd "$(dirname "$0")/.."
viewer=.venv/bin/glam-viewer

case "$(uname -s)" in
    Darwin | MINGW* | MSYS* | CYGWIN*) has_display=yes ;;
    *) has_display=${DISPLAY:+yes}${WAYLAND_DISPLAY:+yes} ;;
esac

if [ -n "$has_display" ]; then
    exec "$viewer" --demo
fi

export QT_QPA_PLATFORM=offscreen
mkdir -p out/demo
echo "There is no display, so the session is drawn to files."
for size in 2560x1440 1366x768; do
    "$viewer" --demo --click demo --size "$size" --screenshot "out/demo/session-$size.png"
    echo "out/demo/session-$size.png"
done
