#!/bin/sh
# check_layers.sh must refuse exactly the includes that fixture/ marks with REFUSED, by their rules.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

status=0
got=$("$here/check_layers.sh" "$here/fixture") || status=$?
expected=$(cd "$here/fixture" && grep -rn 'REFUSED: ' . |
  sed 's|^\./\([^:]*:[0-9]*:\).*REFUSED: |\1 |' | sort)

if [ "$status" -ne 1 ] || [ "$(echo "$got" | sort)" != "$expected" ]; then
  printf 'exit status %s, expected 1\n--- expected\n%s\n--- got\n%s\n' "$status" "$expected" "$got" >&2
  exit 1
fi
echo "$expected"
