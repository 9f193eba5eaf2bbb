#!/usr/bin/env bash
# Checks and measures Azulejo on a machine with a GPU. In an unpacked bundle:
#
#   ./gpu.sh RESULTS_FOLDER [DEVICE [PART...]]
#
#   DEVICE   cuda:0 (the default), or cpu or emulated for a rehearsal
#   PART     check      that every operation is right, and quick comparisons (the default)
#            gemm, conv the comparisons with cuBLAS and cuDNN in fp32, tf32 and bf16, in full; or one of them: conv-tf32
#            training   our training steps, Fashion-MNIST until 90 %; graphs from Java and C
#            pytorch    PyTorch's training steps, in this machine's python3, in three precisions; or pytorch-tf32
#
# Every stage runs, whatever became of those before it; the last lines are a table of them. Its full output is in
# RESULTS_FOLDER/STAGE.log, what it measured in RESULTS_FOLDER/*.json, and all of that, of this and earlier runs with the
# same folder, but for the trained networks, in the one file RESULTS_FOLDER.tar.gz. Exit status: 0 if no stage failed, else 1.
#
# AZULEJO_GPU_SECONDS   for everything; stages that do not fit any more are skipped, and say so. Default 540. On a machine
#                       that is slow or busy: more, which gives each stage as many times its own limit
# AZULEJO_DATA          a folder with the folder fashion-mnist, where the bundle came without
set -uo pipefail

HOME_FOLDER=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HOME_FOLDER
[[ $# -ge 1 ]] || { sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
for part in "${@:3}"; do
  [[ $part =~ ^(check|(gemm|conv|pytorch)(-(fp32|tf32|bf16))?|training)$ ]] || {
    echo "$part: there are check, training, gemm, conv, pytorch, and gemm-P, conv-P and pytorch-P for a precision P" >&2
    exit 2
  }
done
mkdir -p "$1" || exit 2
OUT=$(cd "$1" && pwd)
readonly OUT DEVICE=${2:-cuda:0} USUAL=540 ALL=${AZULEJO_GPU_SECONDS:-540}
readonly END=$((SECONDS + ALL))

declare -a names=() outcomes=() times=()
failed=0

# stage NAME MOST_SECONDS COMMAND...: 77 of a command means that there is nothing to run it with.
stage() {
  local name=$1 limit=$2 left=$((END - SECONDS)) begin=$SECONDS status outcome
  shift 2
  [[ $ALL -le $USUAL ]] || limit=$((limit * ALL / USUAL))
  echo "== $name: $*"
  names+=("$name")
  if [[ $left -lt 5 ]]; then
    outcome="not run: no time left"
    failed=1
  else
    timeout --kill-after=10 $((left < limit ? left : limit)) "$@" >"$OUT/$name.log" 2>&1
    status=$?
    tail -n 15 "$OUT/$name.log"
    case $status in
      0) outcome=passed ;;
      77) outcome="skipped: $(tail -n 1 "$OUT/$name.log")" ;;
      124 | 137) outcome="FAILED: still running after $((SECONDS - begin)) s" ;;
      *) outcome="FAILED: exit status $status" ;;
    esac
    [[ $status -eq 0 || $status -eq 77 ]] || failed=1
  fi
  outcomes+=("$outcome")
  times+=("$((SECONDS - begin)) s")
}

# cuDNN and cuBLAS may be among the packages of this machine's python3, wherever that has them: those that its PyTorch
# computes with. A file that somebody has named stays.
python_libraries() {
  local name file
  while IFS='=' read -r name file; do
    [[ -n ${!name:-} ]] || export "$name=$file"
  done < <(python3 - 2>/dev/null <<'PYTHON'
import sys
from pathlib import Path

for name, file in (("CUDNN", "cudnn/lib/libcudnn.so.9"), ("CUBLAS", "cu13/lib/libcublas.so.13")):
    found = [path for path in (Path(folder, "nvidia", file) for folder in sys.path) if path.is_file()]
    if found:
        print(f"AZULEJO_{name}={found[0]}")
PYTHON
  )
  echo "cuDNN: ${AZULEJO_CUDNN:-where azulejo finds it}; cuBLAS: ${AZULEJO_CUBLAS:-where azulejo finds it}"
}

azulejo() { "$HOME_FOLDER/azulejo" "$@"; }

# Whether the bundle, or the folder that AZULEJO_DATA names, has Fashion-MNIST.
has_fashion_mnist() { [[ -d ${AZULEJO_DATA:-$HOME_FOLDER/data}/fashion-mnist ]]; }

driver() {
  command -v nvidia-smi >/dev/null || { echo "no nvidia-smi on the PATH"; return 77; }
  nvidia-smi
}

# One of compute-sanitizer's tools over every operation of the self-test. A finding is status 9.
sanitizer() {
  local tool=$1
  [[ $DEVICE == cuda* ]] || { echo "compute-sanitizer is for cuda devices"; return 77; }
  command -v compute-sanitizer >/dev/null || { echo "no compute-sanitizer on the PATH"; return 77; }
  local -a options=(--tool "$tool" --target-processes all --error-exitcode 9 --print-limit 20)
  [[ $tool != memcheck ]] || options+=(--leak-check no) # the driver's own allocations
  compute-sanitizer "${options[@]}" "$HOME_FOLDER/azulejo" selftest --device "$DEVICE"
}

# Whether there is something to compute in that precision with; says so where there is not.
has_precision() {
  [[ $1 != bf16 || $DEVICE != cpu* ]] || { echo "azulejo:bf16 is for GPUs of compute capability 9.0"; return 1; }
}

has_command() { azulejo --help | grep -q "^  $1 "; }

# Fashion-MNIST where the bundle has it, else drawn glyphs: epochs, precision.
train() {
  local -a data=(--data=glyphs --limit=2000)
  ! has_fashion_mnist || data=(--data=fashion-mnist)
  [[ $DEVICE != emulated* ]] || data=(--data=glyphs --limit=64) # which computes some thousand times slower
  azulejo train "${data[@]}" --network=lenet5 --epochs="$1" --engine="azulejo:$2" --device="$DEVICE" \
    --out="$OUT/train-$2" --json="$OUT/train-$2.json"
}

# Until 90 % of the test images are right: trainingSeconds in the JSON file, without set-up. Precision, epochs. One epoch ends
# with 90.2 and 90.5 % on the CPU, two, in larger mini-batches, with 90.9 and 91.4 %; docs/performance-gpu.md has the reckoning.
until90() {
  has_precision "$1" || return 77
  local -a data=(--data=glyphs --limit=2000) settings=(--batch=64 --rate=0.05 --warmup=0.1)
  ! has_fashion_mnist || data=(--data=fashion-mnist)
  [[ $DEVICE != emulated* ]] || data=(--data=glyphs --limit=64)
  [[ $2 -eq 1 ]] || settings=(--batch=128 --rate=0.08 --warmup=0.2)
  azulejo train "${data[@]}" --until-accuracy=0.9 --epochs="$2" --network=mnist-cnn --optimizer=sgd --nesterov \
    "${settings[@]}" --engine="azulejo:$1" --device="$DEVICE" --out="$OUT/until90-$1-$2" --json="$OUT/until90-$1-$2.json"
}

compare() {
  has_command compare || { echo "this bundle has no command compare"; return 77; }
  azulejo compare "$@"
}

# In BF16 everybody's operands lie in memory as BF16, images with channels last.
contest() {
  local what=$1 precision=$2 storage=f32
  [[ $precision == fp32 || $DEVICE != cpu* ]] || { echo "$what in $precision is for GPUs"; return 77; }
  [[ $precision != bf16 ]] || storage=bf16
  compare "$what" "--device=$DEVICE" "--precision=$precision" "--storage=$storage" "--output=$OUT/$precision"
}

# What a graph costs from Java and from C. On the CPU the command measures other things, with a library that is not here.
overhead() {
  [[ $DEVICE != cpu* ]] || { echo "graphs are for GPUs"; return 77; }
  compare overhead "--device=$DEVICE" "--output=$OUT"
}

# Our steps, then PyTorch's, of the same networks, batches and precisions.
bench() {
  local network=$1 batch=$2 precision=$3
  has_precision "$precision" || return 77
  azulejo bench --device "$DEVICE" --network "$network" --batch "$batch" --engine "azulejo:$precision" --seconds 1 \
    --json "$OUT/bench-$network-$batch-$precision.json"
}

steps_of_pytorch() {
  python3 -c 'import torch' 2>/dev/null || { echo "python3 here has no PyTorch"; return 77; }
  python3 "$HOME_FOLDER/pytorch-training.py" --device "${DEVICE%%:*}" --precision "$1" --json "$OUT/pytorch-$1.json"
}

export -f azulejo driver sanitizer has_precision has_command has_fashion_mnist train until90 compare contest overhead bench
export -f steps_of_pytorch
export HOME_FOLDER OUT DEVICE

check() {
  stage devices 60 "$HOME_FOLDER/azulejo" devices --json "$OUT/devices.json"
  stage selftest 180 "$HOME_FOLDER/azulejo" selftest --device "$DEVICE" --json "$OUT/selftest.json"
  stage train 120 bash -c 'train 1 fp32'
  stage bench 60 "$HOME_FOLDER/azulejo" bench --device "$DEVICE" --network lenet5 --steps "${AZULEJO_GPU_STEPS:-200}" \
    --json "$OUT/bench-lenet5.json"
  for tool in memcheck racecheck synccheck initcheck; do
    stage "sanitizer-$tool" 90 bash -c "sanitizer $tool"
  done
  for what in gemm conv; do
    stage "$what-quick" 120 bash -c "compare $what --quick --device=$DEVICE --output='$OUT/quick'"
  done
}

gemm() { in_precisions gemm 180 "$@"; }
conv() { in_precisions conv 400 "$@"; }

in_precisions() {
  local what=$1 seconds=$2 precision
  for precision in ${3:-fp32 tf32 bf16}; do
    stage "$what-$precision" "$seconds" bash -c "contest $what $precision"
  done
}

training() {
  stage overhead 60 bash -c overhead
  for network in lenet5 mnist-cnn vgg-small; do
    for batch in 64 256; do
      for precision in fp32 tf32 bf16; do
        stage "bench-$network-$batch-$precision" 30 bash -c "bench $network $batch $precision"
      done
    done
  done
  for precision in fp32 tf32 bf16; do
    for epochs in 1 2; do
      stage "until90-$precision-$epochs" 60 bash -c "until90 $precision $epochs"
    done
  done
}

# Each of three networks, two batches and four ways, of which two compile first.
pytorch() {
  for precision in ${1:-fp32 tf32 bf16}; do
    stage "pytorch-$precision" 400 bash -c "steps_of_pytorch $precision"
  done
}

python_libraries
stage driver 30 bash -c driver
for part in "${@:3}"; do
  # shellcheck disable=SC2086  # conv-tf32 is conv tf32
  ${part/-/ }
done
[[ $# -gt 2 ]] || check

echo
printf '%-26s %8s  %s\n' stage time outcome | tee "$OUT/summary.txt"
for i in "${!names[@]}"; do
  printf '%-26s %8s  %s\n' "${names[i]}" "${times[i]}" "${outcomes[i]}" | tee -a "$OUT/summary.txt"
done
# One file to fetch, where only a few can be, and small: without the trained networks.
tar -C "$(dirname "$OUT")" --exclude='*.safetensors' -czf "$OUT.tar.gz" "$(basename "$OUT")" || failed=1
exit "$failed"
