# One command each, on a machine with Python 3.11 or newer and nothing else: no Docker, no Hub, no account.
#   make test PYTHON=python3.13      takes another interpreter than `python3`

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help venv lint test demo clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

demo: $(VENV)/demo.installed ## a gated model: refused, explained, granted, fetched, served by a real llama.cpp
	@$(BIN)/python -c 'import xllamacpp' 2>/dev/null || { \
	  echo "llama.cpp, the demo's server, does not load here. On Debian and Ubuntu: apt install libgomp1" >&2; exit 1; }
	@$(BIN)/python -m demo

test: lint ## everything that a change must pass, on this machine alone
	$(BIN)/python -m pytest

lint: venv ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

venv: $(VENV)/test.installed $(VENV)/proxies.installed ## .venv with the project (editable) and all that tests and lint need

clean: ## remove .venv and what tools left behind
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/demo.installed: pyproject.toml | $(VENV)/made
	@echo "Installing model-entrypoint and what its demo needs into $(VENV) ..."
	@$(INSTALL) --editable . --group demo
	@touch $@

$(VENV)/test.installed: pyproject.toml | $(VENV)/made
	@echo "Installing model-entrypoint and what its tests need into $(VENV) ..."
	@$(INSTALL) --editable . --group test --group lint
	@touch $@

# The tests' real proxy is a program of its own, with needs that contradict ours: tests/network looks for it here.
$(VENV)/proxies.installed: pyproject.toml | $(VENV)/made
	@$(BIN)/python -m venv --clear --without-pip $(VENV)/mitmproxy
	@echo "Installing mitmproxy into $(VENV)/mitmproxy ..."
	@$(BIN)/python -m pip --python $(VENV)/mitmproxy install --quiet --disable-pip-version-check --group proxies
	@touch $@

# Debian has venv and ensurepip in a package of their own, without which `python3 -m venv` leaves a broken folder.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is older or not there." >&2; \
	  echo "Name another one: make ... PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(INSTALL) --upgrade 'pip>=25.1'  # the first that knows --group
	@touch $@
