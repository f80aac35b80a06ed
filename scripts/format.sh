#!/usr/bin/env bash
# Formats every source and kernel in place: scripts/format.sh
#
# With --check, changes nothing and fails if a file would change. The project's clang-format is that
# of Debian 12, 14; others break some lines elsewhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  "") mode=(-i) ;;
  --check) mode=(--dry-run -Werror) ;;
  *)
    echo "usage: $0 [--check]" >&2
    exit 2
    ;;
esac

# The layer check's fixture marks lines, which must stay one line each.
find include lib kernels layer tools examples benchmarks tests -name fixture -prune -o \
  \( -name '*.hpp' -o -name '*.h' -o -name '*.cpp' -o -name '*.cl' \) -type f -print0 |
  xargs -0 "$(command -v clang-format-14 || command -v clang-format)" "${mode[@]}"
