#!/bin/sh
# Configures the native build for Maven: configure.sh BUILD_FOLDER [OPTION...]. The launcher knows what a build needs; it
# installs it
# where it may, and otherwise names the command.
set -e
source=$(cd "$(dirname "$0")" && pwd)
AZULEJO_LAUNCHER=tools "$source/../azulejo" >/dev/null
build=$1
shift
exec cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release "$@"
