#!/usr/bin/env bash
# Runs a program under Oclgrind, and fails if that finds anything.
#
#   run.sh <program> <cpu|gpu>
#
# The second is what the simulated device calls itself. Exit status 77 where Oclgrind is not there.
set -euo pipefail

if ! command -v oclgrind >/dev/null; then
  echo "skipped: oclgrind is not installed"
  exit 77
fi
log=$(mktemp)
cache=$(mktemp -d)
trap 'rm -rf "$log" "$cache"' EXIT

# Not --uninitialized: Oclgrind 21.10 crashes when it looks for unwritten values in the kernels for
# CPUs, and does not know an instruction of those for GPUs.
checks=(--check-api --data-races)

# Another layer or device must not come between.
unset OPENCL_LAYERS DOVETAIL_DEVICE
DOVETAIL_CACHE_DIR=$cache DOVETAIL_TEST_DEVICE_TYPE=$2 \
  oclgrind "${checks[@]}" --max-errors 10 --log "$log" "$1" |
  grep -x "products are done"
if [[ -s $log ]]; then
  cat "$log"
  exit 1
fi
