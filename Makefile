# The fixed entry points of the project. Each works alone on a fresh clone.

SECONDS ?= 60
OPERATIONS ?= 0
VENV := build/venv/bin
export KIST_BUILD_DIR := $(CURDIR)/build/release
export KIST_PYTHON := $(CURDIR)/$(VENV)/python

FORMATTED = $(shell find engine kvstore tests bindings-* -name .build -prune -o \
  \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) -print | sort)

.PHONY: help setup build demo test stress churn model bench instructions fuzz crash tidy format format-check clean \
  generate test-release test-asan test-tsan test-c test-python test-java test-swift

help:
	@echo 'make setup         install what is needed (Debian packages, build/venv)'
	@echo 'make build         optimised build in build/release'
	@echo 'make demo          one profile, five languages; PROFILE=dir keeps the profile there'
	@echo 'make test          every test in every build, short crash and fuzz runs, format-check'
	@echo 'make stress        five languages write the same keys for SECONDS=$(SECONDS)'
	@echo 'make model         random operations against a model for SECONDS=$(SECONDS), or OPERATIONS=n of them'
	@echo 'make churn         16 processes on one store that are killed and started again, for SECONDS=600'
	@echo 'make bench         compare with LMDB and others, 5 minutes, to build/bench; FULL=1: everything, hours'
	@echo 'make instructions  instructions an operation, by callgrind, beside LMDB'
	@echo 'make fuzz          all fuzz targets, SECONDS=$(SECONDS) each'
	@echo 'make crash         the crash harness for SECONDS=$(SECONDS)'
	@echo 'make tidy          clang-tidy; make format, make format-check: clang-format'
	@echo 'make generate      write the files that schemas/generate.py makes'
	@echo 'make test-NAME     one part: release asan tsan c python java swift'

setup:
	@.ci/setup

.PHONY: configure-release configure-asan configure-tsan configure-fuzz
configure-release configure-asan configure-tsan configure-fuzz: configure-%: setup
	@[ -f build/$*/build.ninja ] || cmake --preset $* >build/configure-$*.log 2>&1 || { cat build/configure-$*.log; exit 1; }

.PHONY: build-release build-asan build-tsan build-fuzz
build-release build-asan build-tsan build-fuzz: build-%: configure-%
	@cmake --build --preset $*

build: build-release

# What runs when five languages meet: a part of `build`, and what that does not make, which is Python's module, installed into
# build/venv, and the Swift programs where there is a swift.
PROGRAMS := kist kist_cli kist_java kist_demo_engine kist_demo_c kist_transfers kist_transfers_c
.PHONY: programs
programs: configure-release
	@cmake --build --preset release --target $(PROGRAMS)
	@bindings-python/install.sh
	@if command -v "$${KIST_SWIFT:-swift}" >/dev/null; then bindings-swift/build.sh "$(KIST_BUILD_DIR)"; \
	  else rm -f "$(KIST_BUILD_DIR)"/bin/kist_*_swift; fi

demo: programs
	@tests/demo/run.sh

stress: programs
	@$(KIST_PYTHON) tests/stress/run.py $(SECONDS)

test: setup
	@.ci/test

bench: build
	@$(KIST_PYTHON) tests/bench/run.py $(if $(FULL),--full) build/release/bin/kist_bench build/bench

instructions: build
	@$(KIST_PYTHON) tests/instructions/count.py build/release/bin/kist_instructions

crash: build
	@build/release/bin/kist_crash --seconds $(SECONDS)

# Ten minutes unless SECONDS says otherwise.
churn: build
	@build/release/bin/kist_stress --churn $(if $(filter file,$(origin SECONDS)),600,$(SECONDS))

# With OPERATIONS, SECONDS means nothing.
model: build
	@build/release/bin/kist_model $(if $(filter-out 0,$(OPERATIONS)),--operations $(OPERATIONS),--seconds $(SECONDS))

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
