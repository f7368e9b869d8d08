#!/bin/sh
# Runs the demo with what `make demo` has built; see run.py.
here=$(cd "$(dirname "$0")" && pwd)
exec "${KIST_PYTHON:-$here/../../build/venv/bin/python}" "$here/run.py"
