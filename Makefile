# Python alone is enough: Node comes from the machine if it is recent, else from a wheel. `make` lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
# Names only: what is built or fetched in there must not make it look changed.
SCREENS := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help run test check e2e faults long bench screens screenshots lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.made frontend/dist/.made ## start everything with an invented region (ARGS="--port 8080")
	@$(BIN)/halte demo $(ARGS)

test: check frontend/dist/.made ## all checks, then all tests but the long ones (ARGS="-k lane -x", ARGS="-n0 -s")
	@$(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.made ## style, types, layers, the screens' own checks and tests
	@$(BIN)/ruff check && $(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@frontend/build check
	@frontend/build test --passWithNoTests

e2e: .venv/.made frontend/dist/.made ## the screens in Chromium (HALTE_E2E=require: without one it fails)
faults: .venv/.made ## kill, freeze and cut off servers, let disks, clocks and networks fail (docs/faults.md); takes half an hour
long: .venv/.made ## whole files of real data, of which `make test` tries a part
e2e faults long:
	@$(BIN)/pytest -m $@ $(ARGS)

bench: .venv/.made ## measure, and print the figures
	@$(BIN)/pytest -m bench -s --timeout=0 $(ARGS)

screens: frontend/dist/.made ## build the screens
screenshots: .venv/.made frontend/dist/.made ## take the pictures of README and docs anew
	@PYTHONPATH=. $(BIN)/python tests/e2e/picturing.py

lock: .venv/.made ## resolve both lock files anew (ARGS=--upgrade for newer versions)
	@$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install -q uv
	@for lock in requirements.lock:build requirements-dev.lock:dev; do .venv/lock/bin/uv pip compile pyproject.toml \
	    -q --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links \
	    --extra $${lock#*:} -o $${lock%:*} $(ARGS) || exit 1; done

clean: ## remove what was made, the environment too
	rm -rf .venv frontend/dist frontend/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The stamps lie inside what they vouch for: remove the folder, and it is made again.
.venv/.made: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Halte needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

frontend/dist/.made: $(SCREENS) | .venv/.made
	@frontend/build build
	@touch $@
