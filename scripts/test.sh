#!/usr/bin/env bash
# Builds Dovetail with warnings as errors and runs all its tests: scripts/test.sh [ctest arguments]
#
# Installs what is missing first. The build is build/ci.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_dependencies.sh --tests
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset ci
cmake --build --preset ci --parallel "$(nproc)"
ctest --preset ci --parallel 2 "$@"
