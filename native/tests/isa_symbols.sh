#!/bin/sh
# isa_symbols.sh ISA OBJECT...: object files compiled for one instruction set define no function that the linker would
# share with the rest of the library (see src/cpu/operations.hpp). Every function they define must be local to the file
# or carry the namespace azj::cpu::ISA in its name.
set -eu
isa=$1
shift
found=$(nm -A -C --defined-only "$@" | grep -E ' [TWui] ' | grep -v "azj::cpu::$isa::" || true)
if [ -n "$found" ]; then
  echo "$found"
  echo "these functions compiled for $isa could be the ones that every processor runs" >&2
  exit 1
fi
echo "$# object files of $isa: no shared function"
