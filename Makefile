# The fixed entry points of the project. Each works alone on a fresh clone.

SECONDS ?= 60
VENV := build/venv/bin
export KIST_BUILD_DIR := $(CURDIR)/build/release
export KIST_PYTHON := $(CURDIR)/$(VENV)/python

FORMATTED = $(shell find engine kvstore tests bindings-* -name .build -prune -o \
  \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) -print | sort)

.PHONY: help setup build demo test stress bench instructions fuzz crash tidy format format-check clean \
  generate test-release test-asan test-tsan test-c test-python test-java test-swift

help:
	@echo 'make setup         install what is needed (Debian packages, build/venv)'
	@echo 'make build         optimised build in build/release'
	@echo 'make demo          one profile, five languages; PROFILE=dir keeps the profile there'
	@echo 'make test          every test in every build, short crash and fuzz runs, format-check'
	@echo 'make stress        five languages write the same keys for SECONDS=$(SECONDS)'
	@echo 'make bench         compare with LMDB'
	@echo 'make instructions  instructions an operation, by callgrind, beside LMDB'
	@echo 'make fuzz          all fuzz targets, SECONDS=$(SECONDS) each'
	@echo 'make crash         the crash harness for SECONDS=$(SECONDS)'
	@echo 'make tidy          clang-tidy; make format, make format-check: clang-format'
	@echo 'make generate      write the files that schemas/generate.py makes'
	@echo 'make test-NAME     one part: release asan tsan c python java swift'

setup:
	@.ci/setup

.PHONY: build-release build-asan build-tsan build-fuzz
build-release build-asan build-tsan build-fuzz: build-%: setup
	@[ -f build/$*/build.ninja ] || cmake --preset $* >build/configure-$*.log 2>&1 || { cat build/configure-$*.log; exit 1; }
	@cmake --build --preset $*

build: build-release

# What `build` does not make: Python's module, which becomes a part of build/venv, and the Swift programs where there is a swift.
.PHONY: bindings
bindings: build
	@bindings-python/install.sh
	@if command -v "$${KIST_SWIFT:-swift}" >/dev/null; then bindings-swift/build.sh "$(KIST_BUILD_DIR)"; \
	  else rm -f "$(KIST_BUILD_DIR)"/bin/kist_*_swift; fi

demo: bindings
	@tests/demo/run.sh

stress: bindings
	@$(KIST_PYTHON) tests/stress/run.py $(SECONDS)

test: setup
	@.ci/test

bench: build
	@build/release/bin/kist_bench

instructions: build
	@$(KIST_PYTHON) tests/instructions/count.py build/release/bin/kist_instructions

crash: build
	@build/release/bin/kist_crash --seconds $(SECONDS)

fuzz: build-fuzz
	@.ci/fuzz $(SECONDS)

test-release test-asan test-tsan: test-%: build-%
	@ctest --preset $*

test-c: build
	@ctest --preset release -L '^c$$'

test-python test-java test-swift: test-%: build
	@bindings-$*/run_tests.sh

tidy: build
	@.ci/tidy

generate:
	@schemas/generate.py

format: setup
	@clang-format-19 -i $(FORMATTED)

format-check: setup
	@clang-format-19 --dry-run --Werror $(FORMATTED) && echo 'format-check: $(words $(FORMATTED)) files are formatted'

clean:
	@find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} +
