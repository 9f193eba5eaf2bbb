#!/bin/sh
# What nvcc's assembler says of every kernel: registers, shared memory, and registers spilled to memory, on every
# architecture.
#
#   spills.sh BUILD_FOLDER [CMAKE_OPTION...]    such as -DAZJ_CUDA_ARCHITECTURES=90a; default: all, which takes minutes
#
# Compiles in BUILD_FOLDER, writes the table of all kernels to BUILD_FOLDER/spills.txt, and prints how many there are and
# those that spill. Status 1 for any spill, and for any warning: kernels are compiled with warnings as errors.
set -eu
[ $# -ge 1 ] || { echo "usage: spills.sh BUILD_FOLDER [CMAKE_OPTION...]" >&2; exit 2; }
sources=$(cd "$(dirname "$0")" && pwd)
build=$1
shift

# "file.cu mangled-name architecture registers shared-bytes stored-bytes loaded-bytes" of each kernel. nvcc puts the name
# of the file into that of its unnamed namespace.
kernels() {
  awk -F "'" '
    /Compiling entry function/ { name = $2; architecture = $4 }
    /bytes spill stores/ {
      split($0, words, ",")
      stored = words[2] + 0
      loaded = words[3] + 0
    }
    /Used [0-9]+ registers/ {
      registers = $0
      sub(/.*Used /, "", registers)
      shared = 0
      if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART, RLENGTH) + 0
      file = name
      if (!sub(/.*_GLOBAL__N__[0-9a-f]+_[0-9]+_/, "", file)) file = "-" # a kernel of a header
      sub(/_cu_[0-9a-f].*/, ".cu", file)
      print file, name, architecture, registers + 0, shared, stored, loaded
    }'
}

cmake -S "$sources" -B "$build" -DCMAKE_BUILD_TYPE=Release -DAZJ_CUDA=ON -DAZJ_EMULATED=OFF \
  "-DCMAKE_CUDA_FLAGS=-Xptxas -v" "$@" >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
# The assembler speaks when it works only: nothing of an earlier run may be taken for done.
find "$build/src/cuda" -name '*.cu.o' -exec rm -f {} +
cmake --build "$build" --target azj_cuda azj_cuda_hopper --parallel "$(getconf _NPROCESSORS_ONLN)" >>"$build.log" 2>&1 || {
  tail -n 40 "$build.log" >&2
  echo "spills: the build failed; the end of $build.log is above" >&2
  exit 1
}

{
  printf '%-28s %-8s %9s %7s %7s %7s  %s\n' file for registers shared stored loaded kernel
  # c++filt demangles the words that are names; -p: without their arguments.
  kernels <"$build.log" | sort -k 1,1 -k 2,2 -k 3,3V |
    while read -r file name architecture registers shared stored loaded; do
      printf '%-28s %-8s %9s %7s %7s %7s  %s\n' "$file" "$architecture" "$registers" "$shared" "$stored" "$loaded" "$name"
    done | c++filt -p | sed 's/(anonymous namespace):://g; s/azj::cuda:://g'
} >"$build/spills.txt"

awk -v file="$build/spills.txt" '
  NR == 1 { head = $0; next }
  { count++; kernel[$1 " " $7] = 1; if ($3 > most) most = $3 }
  $5 + $6 > 0 { if (!spills++) print head; print }
  END {
    if (count == 0) { print "spills: the assembler named no kernel in " file > "/dev/stderr"; exit 1 }
    printf "%d compiled kernels, %d of them spill, at most %d registers; all of them: %s\n", count, spills, most, file
    exit spills > 0
  }' "$build/spills.txt"
