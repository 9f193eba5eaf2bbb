#!/usr/bin/env bash
# ./azulejo bundle: one archive that runs without Java, Maven or the CUDA toolkit. The launcher calls it after the build,
# with JAVA_HOME set to the JDK it found.
set -euo pipefail

say() { printf 'azulejo bundle: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
wrong() { say "$@; ./azulejo bundle --help says what there is"; exit 2; }

usage() {
  cat <<'TEXT'
Usage: ./azulejo bundle [--cuda] [--architectures LIST] [--with-data] [-o FILE]
Packs a self-contained archive: a Java run time, Azulejo, the native library.
      --cuda                 with the CUDA backend, for every GPU that this source knows; needs nvcc, takes minutes
      --architectures LIST   with the CUDA backend, for these only: compute capabilities without the point, separated
                             by commas, such as 90a or 80,86,120
      --with-compare         with the comparisons and engines of cuBLAS and cuDNN (9 MB), which are found on the machine
                             that runs them; PyTorch, oneDNN and OpenBLAS (160 MB) stay out
      --with-data            with Fashion-MNIST (30 MB), from AZULEJO_DATA, the cache or /usr/share/datasets
  -o, --output FILE          default: azulejo-SYSTEM[-cuda].tar.xz here; FILE may end in .tar.gz, .tar.xz or .tar.zst
  -h, --help                 prints this
To use it: unpack it anywhere and run the file azulejo in it. Needed there: this processor and system, and for CUDA the
NVIDIA driver.
TEXT
}

HERE=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd -P "$HERE/../.." && pwd)
readonly HERE ROOT APP=$ROOT/cli/target/azulejo COMPARE=$ROOT/compare/target/azulejo

# --- what is asked for -----------------------------------------------------------------------------------------------

cuda= architectures= with_compare= with_data= output= commit=
while [[ $# -gt 0 ]]; do
  case $1 in
    --cuda) cuda=yes ;;
    --with-compare) with_compare=yes ;;
    --with-data) with_data=yes ;;
    --architectures | -o | --output | --commit)
      [[ $# -ge 2 && -n $2 ]] || wrong "$1 needs a value"
      case $1 in
        --architectures) architectures=$2 cuda=yes ;;
        --commit) commit=$2 ;; # from the launcher, which knows it
        *) output=$2 ;;
      esac
      shift
      ;;
    -h | --help) usage; exit ;;
    *) wrong "unknown option: $1" ;;
  esac
  shift
done
if [[ -n $architectures && ! $architectures =~ ^[0-9]{2,3}[a-z]?(,[0-9]{2,3}[a-z]?)*$ ]]; then
  wrong "--architectures $architectures: a list such as 80,86,90a is expected"
fi

: "${output:=azulejo-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)${cuda:+-cuda}.tar.xz}"
case $output in
  *.tar.gz | *.tgz) compressor=(gzip -n) ;;
  *.tar.xz) compressor=(xz -T0) ;;
  *.tar.zst) compressor=(zstd -19 -q) ;;
  *) wrong "-o $output: the name has to end in .tar.gz, .tar.xz or .tar.zst, which says how to compress" ;;
esac

# --- what it takes ---------------------------------------------------------------------------------------------------

for tool in tar strip "${compressor[0]}"; do
  command -v "$tool" >/dev/null || die "$tool is not on the PATH"
done
[[ -n ${JAVA_HOME:-} ]] || die "JAVA_HOME is not set; run this as ./azulejo bundle, which sets it"
for tool in jlink jar; do
  [[ -x $JAVA_HOME/bin/$tool ]] || die "the JDK in $JAVA_HOME has no $tool; JAVA_HOME may name a complete JDK"
done
[[ -f $APP/azulejo-cli.jar ]] || die "there is no $APP/azulejo-cli.jar; run this as ./azulejo bundle, which builds it"
if [[ -n $with_compare && ! -f $COMPARE/azulejo-compare.jar ]]; then
  die "there is no $COMPARE/azulejo-compare.jar; run this as ./azulejo bundle --with-compare, which builds it"
fi
[[ -d $(dirname "$output") ]] || die "the folder of $output does not exist"
if [[ -n $cuda ]] && ! command -v "${CUDACXX:-nvcc}" >/dev/null; then
  die "--cuda needs nvcc, which is not on the PATH; install the CUDA toolkit and add its bin folder to the PATH," \
    "or let CUDACXX name nvcc"
fi

# The four files as they are published, from the first folder that has them all.
fashion_mnist() {
  local folder file
  for folder in ${AZULEJO_DATA:+"$AZULEJO_DATA/fashion-mnist" "$AZULEJO_DATA"} \
    "${XDG_CACHE_HOME:-${HOME:-/}/.cache}/azulejo/fashion-mnist" /usr/share/datasets/fashion-mnist; do
    for file in {train,t10k}-{images-idx3,labels-idx1}-ubyte.gz; do
      [[ -f $folder/$file ]] || continue 2
    done
    printf '%s' "$folder"
    return
  done
  die "--with-data: no folder has the four .gz files of Fashion-MNIST: neither AZULEJO_DATA, nor the cache, nor" \
    "/usr/share/datasets/fashion-mnist; ./azulejo train --data fashion-mnist gets them"
}
data=
[[ -z $with_data ]] || data=$(fashion_mnist)

# --- the parts -------------------------------------------------------------------------------------------------------

STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
BUNDLE=$STAGE/azulejo
mkdir "$BUNDLE"

# What module-info.java of core and cli name, and what their libraries use (jline: logging); BundleIT runs it. The
# comparisons ask the JVM about the machine. Not compressed here, because the archive is, and better.
runtime() {
  local modules=java.desktop,java.logging,java.net.http
  [[ -z $with_compare ]] || modules+=,java.management,jdk.management,jdk.unsupported
  "$JAVA_HOME/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files \
    --no-man-pages --compress zip-0 --output "$BUNDLE/runtime" ||
    die "jlink failed; its message is above. If it says that it cannot link from $JAVA_HOME, let JAVA_HOME name another JDK"
  find "$BUNDLE/runtime" -name '*.so' -exec strip --strip-unneeded {} + # the JVM's symbols: a tenth of it
}

# libazulejo.so with CUDA, in a folder of its own, instead of the one in the jar.
cuda_library() {
  local build=$ROOT/native/target/bundle jar platform
  local -a options=(-DAZJ_CUDA=ON -DAZJ_EMULATED=OFF)
  [[ -z $architectures ]] || options+=("-DAZJ_CUDA_ARCHITECTURES=${architectures//,/;}")
  [[ -n $architectures ]] || options+=(-UAZJ_CUDA_ARCHITECTURES) # of an earlier run
  say "CUDA for ${architectures:-all architectures}; log: $build.log"
  mkdir -p "$build"
  if ! { sh "$ROOT/native/configure.sh" "$build" "${options[@]}" \
    && cmake --build "$build" --target azulejo --parallel "$(getconf _NPROCESSORS_ONLN)"; } >"$build.log" 2>&1; then
    tail -n 40 "$build.log" >&2
    die "the native library with CUDA could not be built; the end of $build.log is above"
  fi
  jar=$(echo "$BUNDLE"/app/lib/azulejo-native-*.jar)
  platform=$("$JAVA_HOME/bin/jar" --list --file "$jar" | sed -n 's|^natives/\(.*\)/libazulejo.so$|\1|p')
  [[ -n $platform ]] || die "no libazulejo.so in $jar"
  mkdir -p "$STAGE/natives/$platform"
  cp "$build/libazulejo.so" "$STAGE/natives/$platform"
  "$JAVA_HOME/bin/jar" --update --file "$jar" -C "$STAGE" natives
}

# The comparisons without the contestants that compute on the CPU only.
comparisons() {
  local jar name
  mkdir "$BUNDLE/app/compare"
  for jar in "$COMPARE"/azulejo-compare.jar "$COMPARE"/lib/*.jar; do
    name=${jar##*/}
    case $name in
      pytorch-native-* | pytorch-jni-* | dnnl-*-*-*-* | openblas-*-*-*-*) continue ;;
    esac
    [[ -f $BUNDLE/app/lib/$name ]] || cp "$jar" "$BUNDLE/app/compare"
  done
  cp "$ROOT/compare/pytorch/training.py" "$BUNDLE/pytorch-training.py"
}

runtime
cp -R "$APP" "$BUNDLE/app"
[[ -z $with_compare ]] || comparisons
[[ -z $cuda ]] || cuda_library
if [[ -n $data ]]; then
  mkdir -p "$BUNDLE/data/fashion-mnist"
  cp "$data"/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz "$BUNDLE/data/fashion-mnist"
fi
cp "$HERE/azulejo" "$HERE/gpu.sh" "$ROOT/LICENSE" "$BUNDLE"
printf '%s\n' "$commit" >"$BUNDLE/commit"
chmod -R u+w,go+rX "$BUNDLE"
chmod 755 "$BUNDLE/azulejo" "$BUNDLE/gpu.sh"

# It has to start with nothing but itself before it is called a bundle.
env -i "$BUNDLE/azulejo" devices >"$STAGE/devices" 2>&1 || { cat "$STAGE/devices" >&2; die "the bundle does not run"; }

# --- the archive -----------------------------------------------------------------------------------------------------

trap 'rm -rf "$STAGE" "$output.part"' EXIT
tar -C "$STAGE" -cf - azulejo | "${compressor[@]}" >"$output.part"
mv "$output.part" "$output"
size=$(wc -c <"$output")
say "$output: $((size / 1000000)).$((size / 100000 % 10)) MB; unpack it and run azulejo/azulejo"
