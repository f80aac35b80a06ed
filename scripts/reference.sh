#!/usr/bin/env bash
# Makes the API reference from the public headers: scripts/reference.sh
#
# Writes build/reference/html/index.html. Fails if a public function or type is not documented, or if
# its documentation names a parameter that it does not have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

DOVETAIL_VERSION=$(sed -n 's/^  VERSION //p' CMakeLists.txt)
export DOVETAIL_VERSION
mkdir -p build/reference
doxygen docs/Doxyfile
echo "build/reference/html/index.html"
