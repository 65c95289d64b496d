# Everything one does with a checkout of Probity; `make` alone lists it.
# It must work with nothing but make and python, and install nothing that is not in a hashed lock.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip -qq --disable-pip-version-check --no-input
STAMPS := $(VENV)/.stamps
# Extra arguments for pytest, for example: make test ARGS="-k reinstated", or ARGS="-n 0" for a single process.
ARGS ?=
# A process for each core, and a server of its own for each. The tests of a module stay together: some tell what the
# others counted. Modules go out in the order of folders, so that what a folder shares is made once a process.
PROCESSES := -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

COMPILE = $(UV) pip compile -q --python-version 3.11 --universal --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links
BUILD_REQUIRES = import sys, tomllib; print(*tomllib.load(sys.stdin.buffer)["build-system"]["requires"], sep="\n")
IS_FIT = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help setup demo tour test test-long check fix bench bench-all interop lock graphiql

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMPS)/runtime ## install .venv from the hashed lock, and nothing else
	@echo "$(VENV) is ready"

demo: $(STAMPS)/runtime graphiql ## from a bare machine to the guided tour, then serve it
	@$(PY) -m app demo

tour: $(STAMPS)/runtime graphiql ## the guided tour without serving
	@$(PY) -m app demo --no-serve

test: $(STAMPS)/dev ## every test in its quick profile
	@$(PY) -m pytest -q $(PROCESSES) -m "not long" $(ARGS)

test-long: $(STAMPS)/dev ## every test in its full profile
	@$(PY) -m pytest -q $(PROCESSES) -m "long or not long" $(ARGS)

check: $(STAMPS)/dev ## style, types, import contracts, and that the policy is as accepted and keeps its invariants
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m app policy diff --check
	@$(PY) -m app policy verify

fix: $(STAMPS)/dev ## mend what ruff can mend
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(STAMPS)/dev ## what a read costs, beside hand-written SQL and other servers; ARGS="--quick" for a small one
	@$(PY) bench/measure_read_path.py $(ARGS)

bench-all: $(STAMPS)/dev ## every measurement in bench/, one after the other
	@set -- bench/measure_*.py; \
	for measurement in "$$@"; do echo "== $$measurement"; $(PY) "$$measurement" || exit 1; done

interop: ## other people's GraphQL clients against our contracts (needs npm)
	@for package in tests/interop/*/package-lock.json; do \
		suite=$$(dirname "$$package"); \
		if ! command -v npm >/dev/null 2>&1; then echo "skipped $$suite: npm is not installed"; continue; fi; \
		echo "== $$suite"; \
		( cd "$$suite" && npm ci --silent --ignore-scripts --no-audit --no-fund && npm test --silent ) || exit 1; \
	done

lock: $(STAMPS)/dev ## resolve the locks anew (needs uv)
	@UV=$$(command -v uv || echo $(VENV)/bin/uv); \
	if ! "$$UV" --version >/dev/null 2>&1; then \
		echo "uv is needed to resolve the locks; install it, for example into .venv, and run make lock again" >&2; exit 1; \
	fi; \
	$(MAKE) --no-print-directory UV="$$UV" locks-with-uv

# The development lock is resolved under the runtime lock, so that what is tested is what is run.
.PHONY: locks-with-uv
locks-with-uv:
	@$(COMPILE) -o requirements.lock pyproject.toml
	@$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@$(PY) -c '$(BUILD_REQUIRES)' < pyproject.toml | $(COMPILE) -c requirements-dev.lock -o requirements-build.lock -

# GraphiQL is a convenience: without npm, or when it cannot be fetched, the built-in page serves.
graphiql:
	@cd web/graphiql 2>/dev/null && [ -f package-lock.json ] || exit 0; \
	if [ node_modules/.package-lock.json -nt package-lock.json ]; then exit 0; fi; \
	if ! command -v npm >/dev/null 2>&1; then \
		echo "npm is not installed: the built-in query page takes GraphiQL's place"; exit 0; \
	fi; \
	npm ci --ignore-scripts --no-audit --no-fund --fetch-retries 1 >/dev/null 2>&1 \
		|| echo "GraphiQL could not be installed: the built-in query page takes its place"

# A stamp is newer than the locks it was made from, so a second run installs nothing.
$(STAMPS)/runtime: requirements-build.lock requirements.lock pyproject.toml
	@if ! $(PY) -c '' >/dev/null 2>&1; then \
		for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
			if "$$candidate" -c '$(IS_FIT)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "python 3.11 or later with its venv module is needed and was not found;" >&2; \
			echo "install it (on Debian and Ubuntu: python3 and python3-venv) or name one: make PYTHON=/path/to/python" >&2; \
			exit 1; \
		fi; \
		echo "setting up $(VENV) with $$found, once"; \
		"$$found" -m venv --clear $(VENV) || exit 1; \
	fi
	@$(PIP) install --require-hashes -r requirements-build.lock -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: $(STAMPS)/runtime requirements-dev.lock
	@echo "installing the locked development packages, once"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@mkdir -p $(STAMPS) && touch $@
