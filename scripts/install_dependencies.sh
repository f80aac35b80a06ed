#!/usr/bin/env bash
# Installs the packages that Dovetail is built from, on Debian 12, Ubuntu 24.04 and newer.
#
#   scripts/install_dependencies.sh [--tests] [--interop] [--lint]
#
# --tests adds what the tests and benchmarks need, --lint adds clang-tidy, clang-format and Doxygen,
# --interop adds the libraries that docs/interop.md names. Those, and Clang and Oclgrind of --tests,
# are optional: the script names each that it cannot install, and goes on. Installs only what is
# missing; if nothing is, needs neither network nor root.
set -euo pipefail

packages=(g++ ninja-build pkgconf ocl-icd-opencl-dev opencl-headers opencl-clhpp-headers
  pocl-opencl-icd libclblast-dev libdlpack-dev libfmt-dev libcli11-dev nlohmann-json3-dev
  libopenblas0-pthread clinfo)

# shellcheck source=/dev/null
release=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || release=""

optional=()
for argument in "$@"; do
  case $argument in
    --interop) optional+=(libboost-dev libtorch-dev libviennacl-dev python3-pyopencl) ;;
    --tests)
      packages+=(libgtest-dev libbenchmark-dev python3)
      optional+=(clang oclgrind)
      ;;
    --lint)
      packages+=(doxygen)
      # .clang-tidy is for 16; Debian 12's own is 14.
      if [[ $release == "debian 12" ]]; then
        packages+=(clang-format clang-tidy-16)
      else
        packages+=(clang-format clang-tidy)
      fi
      ;;
    *)
      echo "usage: $0 [--tests] [--interop] [--lint]" >&2
      exit 2
      ;;
  esac
done

# True if the program `cmake` is there and new enough, from whatever source.
has_cmake() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n '1s/cmake version //p') && [[ -n $version ]] &&
    [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) == 3.25 ]]
}
has_cmake || packages+=(cmake)

if ! command -v apt-get >/dev/null; then
  echo "This is no Debian or Ubuntu. Going on with what is there; Dovetail needs the equivalents of:" >&2
  echo "  ${packages[*]} ${optional[*]}" >&2
  exit 0
fi

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}
missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
missing_optional=()
for package in "${optional[@]}"; do
  is_installed "$package" || missing_optional+=("$package")
done
if [[ ${#missing[@]} -eq 0 && ${#missing_optional[@]} -eq 0 ]]; then
  exit 0
fi

case $release in
  "debian 12" | "debian 13" | "ubuntu 24.04") ;;
  *) echo "Dovetail is tested on Debian 12, Debian 13 and Ubuntu 24.04; this is ${release:-unknown}." >&2 ;;
esac

root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    if [[ ${#missing[@]} -eq 0 ]]; then
      echo "Going on without ${missing_optional[*]}: run as root, or install sudo." >&2
      exit 0
    fi
    echo "Run as root, or install sudo: apt-get install ${missing[*]} ${missing_optional[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi

# Containers come without lists of packages; without them nothing is known to be there.
if [[ ${#missing_optional[@]} -ne 0 ]] && ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
  "${root[@]}" apt-get update || true
fi
install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends)

if [[ ${#missing[@]} -ne 0 ]]; then
  echo "Installing ${missing[*]}"
  # The package lists may be absent (containers) or old, so that files are gone.
  if ! apt-get --simulate --no-install-recommends install "${missing[@]}" >/dev/null 2>&1 ||
    ! "${install[@]}" "${missing[@]}"; then
    "${root[@]}" apt-get update
    "${install[@]}" "${missing[@]}"
  fi
fi
for package in "${missing_optional[@]}"; do
  echo "Installing $package"
  if ! "${install[@]}" "$package" >/dev/null 2>&1; then
    echo "Going on without $package, which ${release:-this release} does not have or cannot install." >&2
  fi
done

if ! has_cmake; then
  echo "CMake 3.25 or newer is needed; this is $(cmake --version | head -n 1)." >&2
  exit 1
fi
