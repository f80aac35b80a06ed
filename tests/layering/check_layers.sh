#!/bin/sh
# Checks the include arrows between Dovetail's layers: check_layers.sh [ROOT]
#
# Prints "file:line: rule" for each #include that breaks a rule; exits with 1 if there was one.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/../..}"

files=$(find include/dovetail lib layer tools examples -type f \
  \( -name '*.hpp' -o -name '*.h' -o -name '*.cpp' \) 2>/dev/null | sort || true)
if [ -z "$files" ]; then
  echo "check_layers: no sources under $PWD" >&2
  exit 1
fi
# shellcheck disable=SC2086 # the project's file names hold no spaces
exec awk -f "$here/check_layers.awk" $files
