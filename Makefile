# The fixed entry points of the project. `make setup` once, then any other target alone.
.PHONY: setup
setup:
	@.ci/setup
