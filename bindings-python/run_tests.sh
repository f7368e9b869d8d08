#!/bin/sh
# Installs the package into the environment of KIST_PYTHON, linked with the libraries in KIST_BUILD_DIR, and runs its tests.
# The last line is "N passed, N failed"; the status is 0 only if none failed. Arguments go to pytest.
set -eu
cd "$(dirname "$0")"
build=${KIST_BUILD_DIR:-$(cd .. && pwd)/build/release}
python=${KIST_PYTHON:-$(cd .. && pwd)/build/venv/bin/python}
export KIST_BUILD_DIR="$build" KIST_PYTHON="$python"

fail() {
  echo "$1" >&2
  echo "0 passed, 1 failed"
  exit 1
}

./install.sh || fail "the package cannot be installed"

report=$build/python/results.xml
rm -f "$report"
status=0
"$python" -m pytest --junit-xml="$report" "$@" || status=$?
[ -f "$report" ] || fail "pytest ended with status $status and without results"
"$python" tests/summary.py "$report" "$status"
