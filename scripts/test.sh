#!/usr/bin/env bash
# Builds Dovetail with warnings as errors and runs its tests:
# scripts/test.sh [--driver intel] [ctest arguments]
#
# Installs what is missing first. The build is build/ci. Runs all tests; with --driver, on the driver
# that scripts/install_driver.sh installs, the suites core, stream, runtime, tensor and interop, and
# those tests of operations that compile few kernels.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_dependencies.sh --tests
if [[ ${1:-} == --driver ]]; then
  OCL_ICD_VENDORS=$(scripts/install_driver.sh "${2:-}")
  export OCL_ICD_VENDORS
  # The driver keeps no compiled kernels from one test to the next.
  slow='MatmulMatrix|MatmulThreads|MatmulTuning|MatmulVendor|PackedMatrix|MultipliesSizes|clblast|/automatic$'
  set -- --label-regex '^(core|stream|runtime|tensor|interop|ops)$' --exclude-regex "$slow" "${@:3}"
  echo "On the driver of $OCL_ICD_VENDORS: ctest $*"
fi

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset ci
cmake --build --preset ci --parallel "$(nproc)"
ctest --preset ci --parallel 2 "$@"
