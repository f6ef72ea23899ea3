# Everything a newcomer needs: `make demo` and `make test` do their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test fast lint bench lock clean system

demo: $(STAMP)
	bash packaging/demo.sh

test: $(STAMP) lint
	$(BIN)/python -m pytest -n 2 --dist worksteal --reruns 2 --reruns-delay 1 -ra

fast: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python packaging/file_sizes.py
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

lock: 
	bash packaging/lock.sh

system:
	bash packaging/system_libraries.sh

$(STAMP): pyproject.toml packaging/requirements-dev.lock
	bash packaging/system_libraries.sh
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r packaging/requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

clean:
	rm -rf $(VENV) build *.egg-info out
