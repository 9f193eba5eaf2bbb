#!/bin/sh
# symbols.sh HEADER PROGRAM LIBRARY: the functions declared in azulejo.h, those that header_c.c links, and the symbols
# that the library exports are the same list.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

sed -n 's/^AZJ_API .*[ *]\(azj_[a-z0-9_]*\)(.*/\1/p' "$1" | LC_ALL=C sort > "$folder/declared"
"$2" | LC_ALL=C sort > "$folder/linked"
nm -D --defined-only "$3" | awk '{ print $3 }' | LC_ALL=C sort > "$folder/exported"

grep -c AZJ_API "$1" | grep -qx $(($(wc -l < "$folder/declared") + 2)) || {
  echo "a declaration in azulejo.h does not start with AZJ_API and its name on one line" >&2
  exit 1
}
diff "$folder/declared" "$folder/linked" || { echo "azulejo.h (<) and header_c.c (>) differ" >&2; exit 1; }
diff "$folder/declared" "$folder/exported" || { echo "azulejo.h (<) and the exports (>) differ" >&2; exit 1; }
echo "$(wc -l < "$folder/declared") functions declared, linked and exported"
