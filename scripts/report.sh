#!/usr/bin/env bash
# Measures this machine and writes report/report.html: scripts/report.sh [dovetail report arguments]
#
#   scripts/report.sh --quick
#   scripts/report.sh --device gpu --out /tmp/gpu
#
# Installs what is missing first. The build is build/report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=report
arguments=("$@")
for ((i = 0; i < $#; ++i)); do
  case ${arguments[i]} in
    --out) out=${arguments[i + 1]:-} ;;
    --out=*) out=${arguments[i]#--out=} ;;
  esac
done

scripts/install_dependencies.sh
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset release -B build/report -DDOVETAIL_BUILD_TESTS=OFF -DDOVETAIL_BUILD_BENCHMARKS=OFF \
  -DDOVETAIL_BUILD_EXAMPLES=OFF
cmake --build build/report --parallel "$(nproc)"

if [[ " $* " != *" --out"* ]]; then
  arguments=(--out "$out" "$@")
fi
build/report/tools/dovetail report "${arguments[@]}"
echo "The report is $(realpath "$out")/report.html"
