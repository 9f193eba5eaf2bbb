#!/bin/sh
# How many lines of src/cuda the tests on the emulation execute.
#
#   coverage.sh reset BUILD_FOLDER         forgets the counts of earlier runs; ctest does it before the tests that count
#   coverage.sh report BUILD_FOLDER FILE   writes a table of files, and each line that never ran, to FILE, and prints the
#                                          table; status 1 below 95 %
#
# A line is in the count when a compiler made code of it, and executed when any test ran it in any instance of its
# template. Only gcov is needed.
set -eu

MINIMUM=95

usage() {
  echo "usage: coverage.sh reset BUILD_FOLDER | coverage.sh report BUILD_FOLDER FILE" >&2
  exit 2
}

reset() {
  find "$build" -name '*.gcda' -path '*azj_cuda_covered_*' -exec rm -f {} +
}

# Lines "count:number:text" of gcov's listings, one listing a file and object. "-" is no code, "#####" and "=====" code
# that did not run; a template's lines come again for each instance.
summarise() {
  awk -F: -v minimum="$MINIMUM" '
    { count = $1; gsub(/[ *]/, "", count); number = $2 + 0 }
    count == "-" && number == 0 && $3 == "Source" {
      wanted = $4 ~ /(^|\/)src\/cuda\/[^\/]*$/
      name = $4
      sub(/.*\//, "", name)
      next
    }
    !wanted || NF < 3 || number == 0 || count == "-" { next }
    {
      key = name ":" number
      if (!(key in ran)) { ran[key] = 0; lines[name]++ }
      if (count !~ /^[#=]+$/ && !ran[key]) { ran[key] = 1; executed[name]++ }
    }
    END {
      for (name in lines) { all += lines[name]; done += executed[name] }
      if (all == 0) exit
      for (name in lines)
        printf "1 %-32s %5d of %5d lines %6.1f %%\n", name, executed[name], lines[name], 100 * executed[name] / lines[name]
      # Rounded down: 94.99 % is not 95 %.
      printf "2 %-32s %5d of %5d lines %6.1f %%\n", "src/cuda", done, all, int(1000 * done / all) / 10
      for (key in ran) if (!ran[key]) print "3 " key
      print "4 " (100 * done >= minimum * all ? "enough" : "too few")
    }' | sort -k 1,1n -k 2,2V
}

report() {
  [ -n "$(find "$build" -name '*.gcno' -path '*azj_cuda_covered_*')" ] || {
    echo "Lines of src/cuda: not counted, as $build is a build without AZJ_COVERAGE or without gcc and gcov." | tee "$file"
    exit 0
  }
  objects=$(find "$build" -name '*.gcda' -path '*azj_cuda_covered_*')
  [ -n "$objects" ] || { echo "coverage: no counts under $build: run ctest there first" >&2; exit 1; }
  # From the build folder, where the compiler ran: it may have noted the sources by relative paths.
  lines=$(cd "$build" && echo "$objects" | tr '\n' '\0' | xargs -0 gcov --stdout 2>/dev/null | summarise)
  [ -n "$lines" ] || { echo "coverage: gcov says nothing of src/cuda for the counts under $build" >&2; exit 1; }
  {
    echo "Lines of src/cuda that the native tests execute on the emulation (gcov). Not part of it: cuda_backend.cpp,"
    echo "launch.cuh, ptx.cuh and ptx_hopper.cuh, which only a GPU runs; emulation/ has their twins."
    echo
    echo "$lines" | sed -n 's/^[12] //p'
  } >"$file"
  cat "$file"
  unexecuted=$(echo "$lines" | sed -n 's/^3 //p')
  [ -z "$unexecuted" ] || printf '\nNever executed:\n%s\n' "$unexecuted" >>"$file"
  [ "$(echo "$lines" | sed -n 's/^4 //p')" = enough ] || {
    echo "coverage: less than $MINIMUM %; $file names the lines that no test executes" >&2
    exit 1
  }
}

[ $# -ge 2 ] || usage
build=$(cd "$2" && pwd)
case $1 in
  reset) reset ;;
  report) [ $# -eq 3 ] || usage; file=$3; report ;;
  *) usage ;;
esac
