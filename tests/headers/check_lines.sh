#!/bin/sh
# Holds each public header to its bound of preprocessed lines: check_lines.sh ROOT COMPILER [FLAG]...
#
# Prints the lines of each header, and those that are above its bound; exits with 1 if there was one.
# The bounds, in bounds.txt, are for libstdc++ 12; other releases, which include more or less of
# themselves, have twice as many.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$1/include"
compiler=$2
shift 2

release=$(echo '#include <version>' | "$compiler" -std=c++20 -E -dM -x c++ - |
  sed -n 's/^#define _GLIBCXX_RELEASE //p')
factor=2
if [ "$release" = 12 ]; then
  factor=1
fi
status=0
for header in $(find dovetail -name '*.hpp' | sort); do
  text=$("$compiler" -std=c++20 -I . "$@" -E -w -x c++ "$header")
  lines=$(printf '%s\n' "$text" | wc -l)
  bound=$(awk -v header="$header" -v factor="$factor" '
    /^#/ || NF == 0 { next }
    NF == 1 { lines = $1; next }
    $1 == "-" && $2 == header { found = lines }
    END { print factor * (found ? found : 40000) }' "$here/bounds.txt")
  echo "$header: $lines"
  if [ "$lines" -gt "$bound" ]; then
    echo "$header: $lines preprocessed lines, above its bound of $bound; include less, or see bounds.txt"
    status=1
  fi
done
exit $status
