#!/usr/bin/env bash
# Measures everything that README.md and docs/comparisons.md show, on a machine that does nothing else, and saves it.
# Usage: compare/measure.sh FOLDER [DEVICE], such as compare/measure.sh compare/results/cpu-2026-11-22 cpu
set -euo pipefail

folder=${1:?usage: compare/measure.sh FOLDER [DEVICE]}
device=${2:-best}
azulejo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/azulejo

for comparison in conv gemm training memory; do
  "$azulejo" compare "$comparison" --device "$device" --output "$folder"
done
"$azulejo" compare overhead --output "$folder"
# Shorter than JMH's own defaults here: one fork, three measurements of a second.
"$azulejo" jmh -f 1 -wi 3 -i 3 -rf json -rff "$folder/jmh.json"
