#!/bin/sh
# dependencies.sh LIBRARY: at run time the library needs the C library and nothing else.
set -eu
needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for name in $needed; do
  case $name in
    libc.so.* | libm.so.* | libpthread.so.* | ld-linux*.so.*) ;;
    *) echo "unexpected run-time dependency: $name" >&2; exit 1 ;;
  esac
done
echo "needs" $needed
echo "glibc at least $(nm -D --undefined-only "$1" | sed -n 's/.*@GLIBC_//p' | sort -V | tail -1):"
nm -D --undefined-only "$1" | grep @GLIBC_ | sort -t@ -k2 -V | tail -3
