#!/usr/bin/env bash
# Rewrites the committed jextract output: one package per library, exactly the symbols of includes/<library>.txt.
set -euo pipefail

readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly base_package=dev.azulejo.bindings
readonly libraries=(azulejo cublas cudnn dnnl)

usage() {
  cat <<'USAGE'
Usage: JEXTRACT=/path/to/jextract bindings/regenerate.sh [--output DIR] [--update-includes] [LIBRARY...]

Without LIBRARY every library is regenerated. Libraries: azulejo, cublas, cudnn, dnnl.
  --output DIR        write the packages below DIR instead of src/main/java
  --update-includes   first rewrite includes/azulejo.txt with every symbol of azulejo.h

The headers of the vendors' libraries are in folders that these environment variables name:
  CUDA_INCLUDE    has cuda_runtime_api.h: CUDA 13's toolkit                         (cublas, cudnn)
  CUBLAS_INCLUDE  has cublas_v2.h: the same toolkit, or the wheel nvidia-cublas     (cublas)
  CUDNN_INCLUDE   has cudnn.h: cuDNN 9, or the wheel nvidia-cudnn-cu13              (cudnn)
  DNNL_INCLUDE    has oneapi/dnnl/dnnl.h: oneDNN 3, or the jar org.bytedeco:dnnl    (dnnl)
USAGE
}

fail() {
  echo "regenerate.sh: $*" >&2
  exit 1
}

require_jextract() {
  [[ -n "${JEXTRACT:-}" ]] || fail "the environment variable JEXTRACT is not set.
It names the executable of jextract, the tool that turns C headers into Java FFM bindings; its source is the
GitHub repository openjdk/jextract. Build the last commit of its branch master before \"7903735: Remove redundant
method in generated code\": what later ones write needs Java 23, and Azulejo supports Java 22."
  [[ -x "$JEXTRACT" && ! -d "$JEXTRACT" ]] || fail "JEXTRACT=$JEXTRACT is not an executable file."
}

# require_header VARIABLE FILE: the folder that the environment variable names, which must have that header.
require_header() {
  local variable=$1 file=$2
  [[ -n "${!variable:-}" ]] || fail "the environment variable $variable is not set. It names the folder that has $file;
regenerate.sh --help says which package it comes from."
  [[ -f "${!variable}/$file" ]] || fail "$variable=${!variable} has no $file."
}

# jextract warns of each opaque struct (azj_device and its like). Java holds those by address only, so they have no
# class, and the warning is expected. Whatever else jextract says is shown.
run_jextract() {
  "$JEXTRACT" "$@" 2> >(grep -v 'warning: Skipping .* is not supported)' >&2 || true)
}

# generate LIBRARY HEADER [JEXTRACT_OPTION...]: writes the package of one library. It is written beside its place
# first, so that a failed run leaves the committed output as it was.
generate() {
  local library=$1 header=$2
  shift 2
  local fresh=$scratch/generated
  rm -rf "$fresh"
  run_jextract --output "$fresh" \
    --target-package "$base_package.$library" \
    --header-class-name "${library}_h" \
    "@$here/includes/$library.txt" "$@" "$header"
  local package_path=${base_package//.//}/$library
  mkdir -p "$output/$package_path"
  rm -rf "${output:?}/$package_path"
  cp -R "$fresh/$package_path" "$output/$package_path"
  echo "$library: $(find "$output/$package_path" -name '*.java' | wc -l) files in $output/$package_path"
}

# symbols_of HEADER: an --include line for every symbol that this header itself declares and that has a Java form.
symbols_of() {
  local header=$1
  local dump=$scratch/dump.txt all=$scratch/all.txt trial=$scratch/trial
  run_jextract --dump-includes "$dump" "$header"
  { grep -E "# header: (.*/)?$(basename "$header" | sed 's/\./\\./g')\$" "$dump" || true; } \
    | sed -E 's/ *# header:.*//' > "$all"
  [[ -s "$all" ]] || fail "jextract finds no symbol in $header."
  # The dump names opaque structs too. They are the ones for which jextract then writes no class.
  rm -rf "$trial"
  run_jextract --output "$trial" --target-package trial "@$all" "$header"
  local option name
  while read -r option name; do
    if [[ $option != --include-struct && $option != --include-union || -f "$trial/trial/$name.java" ]]; then
      echo "$option $name"
    fi
  done < "$all" | LC_ALL=C sort
}

regenerate_azulejo() {
  local header=$here/../native/include/azulejo.h list=$here/includes/azulejo.txt
  [[ -f "$header" ]] || fail "$header is absent."
  symbols_of "$header" > "$scratch/symbols.txt"
  if $update_includes; then
    mkdir -p "$(dirname "$list")"
    cp "$scratch/symbols.txt" "$list"
  fi
  # The list is kept in the repository so that a change of the ABI shows in review as a change of this list.
  diff -u --label includes/azulejo.txt --label azulejo.h "$list" "$scratch/symbols.txt" >&2 \
    || fail "includes/azulejo.txt and azulejo.h differ (above: + is in the header only, - in the list only).
Run again with --update-includes and review the change of the list."
  generate azulejo "$header"
}

# The vendors' lists name what Azulejo calls, not all there is: they are kept by hand.
regenerate_cublas() {
  require_header CUDA_INCLUDE cuda_runtime_api.h
  require_header CUBLAS_INCLUDE cublas_v2.h
  generate cublas "$CUBLAS_INCLUDE/cublas_v2.h" -I "$CUBLAS_INCLUDE" -I "$CUDA_INCLUDE"
}

regenerate_cudnn() {
  require_header CUDA_INCLUDE cuda_runtime_api.h
  require_header CUDNN_INCLUDE cudnn.h
  generate cudnn "$CUDNN_INCLUDE/cudnn.h" -I "$CUDNN_INCLUDE" -I "$CUDA_INCLUDE"
}

regenerate_dnnl() {
  require_header DNNL_INCLUDE oneapi/dnnl/dnnl.h
  generate dnnl "$here/headers/dnnl.h" -I "$DNNL_INCLUDE"
}

output=$here/src/main/java
update_includes=false
chosen=()
while (($#)); do
  case $1 in
    --output)
      (($# > 1)) || fail "--output needs a folder."
      output=$2
      shift
      ;;
    --update-includes) update_includes=true ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      fail "unknown option: $1"
      ;;
    *)
      declare -F "regenerate_$1" > /dev/null || fail "unknown library: $1 (known: ${libraries[*]})"
      chosen+=("$1")
      ;;
  esac
  shift
done

require_jextract
mkdir -p "$output"
output=$(cd "$output" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

((${#chosen[@]})) || chosen=("${libraries[@]}")
for library in "${chosen[@]}"; do
  "regenerate_$library"
done
