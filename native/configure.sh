#!/bin/sh
# Configures the native build for Maven: configure.sh BUILD_FOLDER. The launcher knows what a build needs; it installs it
# where it may, and otherwise names the command.
set -e
source=$(cd "$(dirname "$0")" && pwd)
AZULEJO_LAUNCHER=tools "$source/../azulejo" >/dev/null
exec cmake -S "$source" -B "$1" -DCMAKE_BUILD_TYPE=Release
