#!/bin/sh
# Checks that dovetail/dovetail.hpp includes every public header: check_umbrella.sh [ROOT]
#
# Prints each that it lacks; exits with 1 if there was one.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/../..}/include"

# Not in it:
#   opencl.hpp    Khronos' C++ bindings, 89,000 lines that few programs need.
# In it is interop/dlpack.hpp, which needs no header of DLPack's.
expected=$(find dovetail -name '*.hpp' ! -path dovetail/dovetail.hpp ! -path dovetail/opencl.hpp &&
  echo dovetail/version.hpp)  # made by CMake, as is core/export.hpp, which the others include
status=0
for header in $expected; do
  if ! grep -q "^#include \"$header\"" dovetail/dovetail.hpp; then
    echo "dovetail/dovetail.hpp does not include $header"
    status=1
  fi
done
exit $status
