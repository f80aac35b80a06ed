#!/usr/bin/env bash
# Makes the API reference from the public headers: scripts/reference.sh
#
# Writes build/reference/html/index.html. Fails if a public function or type has no documentation,
# or if that names a parameter or a function that does not exist. A field needs none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v doxygen >/dev/null; then
  echo "doxygen is missing: run scripts/install_dependencies.sh --lint" >&2
  exit 1
fi
DOVETAIL_VERSION=$(sed -n 's/^  VERSION //p' CMakeLists.txt)
export DOVETAIL_VERSION
mkdir -p build/reference
rm -rf build/reference/html build/reference/warnings
doxygen docs/doxygen/Doxyfile
if grep -v '(variable) .* is not documented' build/reference/warnings >&2; then
  exit 1
fi
echo "build/reference/html/index.html"
