#!/bin/sh
# Installs the package into the environment of KIST_PYTHON, linked with the libraries in KIST_BUILD_DIR. Only looks when nothing changed.
set -eu
cd "$(dirname "$0")"
root=$(cd .. && pwd)
build=${KIST_BUILD_DIR:-$root/build/release}
python=${KIST_PYTHON:-$root/build/venv/bin/python}

fail() {
  echo "$1" >&2
  exit 1
}

# Everything that the installed package is made of.
fingerprint() {
  {
    find src CMakeLists.txt pyproject.toml README.md ../kvstore/include ../engine/include -type f ! -name '*.pyc' | LC_ALL=C sort |
      xargs sha256sum
    sha256sum "$build/engine/libkist_engine.a" "$build/kvstore/libkist_store_code.a"
    echo "$python"
  } | sha256sum
}

for library in engine/libkist_engine.a kvstore/libkist_store_code.a; do
  [ -f "$build/$library" ] || fail "$build/$library is missing: make build"
done
mkdir -p "$build/python"
stamp=$build/python/installed
wanted=$(fingerprint)
# A stamp alone does not prove that the package is (still) there.
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$python" -c 'import kist' 2>/dev/null; then exit; fi
rm -f "$stamp"
"$python" -m pip --disable-pip-version-check install --quiet --no-build-isolation --no-deps --no-index --force-reinstall \
  --config-settings=build-dir="$build/python/module" --config-settings=cmake.define.KIST_BUILD_DIR="$build" . \
  >"$build/python/install.log" 2>&1 || fail "$(cat "$build/python/install.log")"
echo "$wanted" >"$stamp"
