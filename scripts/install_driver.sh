#!/usr/bin/env bash
# Installs an OpenCL driver below build/drivers, for tests: scripts/install_driver.sh intel
#
#   intel   Intel's OpenCL runtime for x86-64 CPUs, from the Python packages intel-opencl-rt and
#           intel-cmplr-lib-rt; takes 0.8 GB
#
# Prints the folder that lists the driver: a program that is started with OCL_ICD_VENDORS set to it
# sees this driver and no other. Needs no network once the driver is there. Where it cannot be
# installed, fails and says why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ $# -ne 1 || $1 != intel ]]; then
  echo "usage: $0 intel" >&2
  exit 2
fi

give_up() {
  echo "Intel's OpenCL runtime cannot be installed: $*" >&2
  exit 1
}

version=2026.2.0
folder=$PWD/build/drivers/intel-$version
vendors=$folder/vendors

if [[ ! -e $(cat "$vendors/intel.icd" 2>/dev/null) ]]; then
  [[ $(uname -sm) == "Linux x86_64" ]] || give_up "it is for Linux on x86-64, and this is $(uname -sm)."
  python3 -m pip --version >/dev/null 2>&1 || give_up "python3 has no pip."
  rm -rf "$folder"
  # --prefix, since --target leaves out the packages' libraries.
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --retries 1 \
    --only-binary :all: --no-compile --ignore-installed --prefix "$folder" \
    "intel-opencl-rt==$version" "intel-cmplr-lib-rt==$version" >&2 || give_up "pip failed."
  library=$(find "$folder" -name libintelocl.so) # Debian's pip puts it below local/
  mkdir "$vendors"
  echo "$library" >"$vendors/intel.icd"
fi

command -v clinfo >/dev/null || give_up "clinfo is missing; scripts/install_dependencies.sh installs it."
[[ $(OCL_ICD_VENDORS=$vendors clinfo -l) == *Intel* ]] || give_up "it shows no device on this machine."
echo "$vendors"
