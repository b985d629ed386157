# The two that matter: `make preview` tries the tutor in a browser, `make test` runs every test.
# Both set everything up by themselves; Python 3.11+ and make are all they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Options for pip, for example PIP_FLAGS="--extra-index-url ADDRESS" for the CPU build of torch (see README).
PIP_FLAGS ?=
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install preview index test bench lint format clean

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

install: $(STAMP) ## Make .venv with everything in it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[preview,dev]'
	@touch $@

preview: install ## Try the real tutor in a local browser page, no Discord account needed
	@$(BIN)/tutor preview

index: install ## Build the index of knowledge/; only what changed is encoded again
	@$(BIN)/tutor index build

test: install ## Run every test
	@$(BIN)/tutor index build --if-stale
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal

bench: install ## Measure speed and memory against the bare operations
	@$(BIN)/python -m tests.benchmarks

lint: install ## Check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: install ## Format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

clean: ## Remove .venv and caches; data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
