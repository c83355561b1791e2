# Each target first sets up what it needs: system libraries, a virtual environment, locked packages.
# Everything but the program's own output goes to standard error.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# Stamps: what stands here is set up, until its list changes.
MADE := $(VENV)/.made

# When the Python it was made with is gone (a system upgrade), the environment is made anew.
ifeq ($(wildcard $(PY)),)
$(shell rm -rf $(MADE))
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test endurance check format setup setup-dev setup-tests lock clean

help:
	@echo 'make run [ARGS=...]     set up and start Metarr Desktop, e.g. ARGS="--headless --port 3001"'
	@echo 'make test [ARGS=...]    set up and run the tests, e.g. ARGS="tests/unit -k queue"'
	@echo 'make endurance          the tests of faults in their long form, two and a half hours'
	@echo 'make check              lint, formatting, types, layers, desktop files'
	@echo 'make format             let ruff format and fix what it safely can'
	@echo 'make setup              set up what make run needs, and no more'
	@echo 'make lock               resolve the dependencies of pyproject.toml anew'
	@echo 'make clean              remove the virtual environment, builds and caches'

run: setup
	@exec $(PY) -m metarr_desktop $(ARGS)

test: setup-tests
	@exec $(PY) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

# What test does in minutes: a thousand kills in place of thirty, and so on. None of it hangs in Qt.
endurance: setup-tests
	@exec $(PY) -m pytest --endurance -m endurance -o log_cli=true -o faulthandler_timeout=0 $(ARGS)

check: setup-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) $(VENV)/bin/lint-imports --no-logo
	@packaging/check-files

format: setup-dev
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

setup: $(MADE)/system $(MADE)/run

setup-dev: $(MADE)/system $(MADE)/dev

# What is missing here only makes some tests skip.
setup-tests: setup-dev
	@packaging/install-system-libraries --never-ask packaging/test-packages.txt || \
	    echo 'Going on without them: the tests that need them are skipped.' >&2

$(MADE)/system: packaging/system-libraries.txt packaging/install-system-libraries
	@packaging/install-system-libraries packaging/system-libraries.txt
	@mkdir -p $(MADE) && touch $@

$(MADE)/run: pyproject.toml packaging/requirements.lock packaging/prepare-python
	@packaging/prepare-python $(PYTHON) $(VENV) packaging/requirements.lock
	@mkdir -p $(MADE) && touch $@

$(MADE)/dev: $(MADE)/run packaging/requirements-dev.lock
	@packaging/prepare-python $(PYTHON) $(VENV) packaging/requirements-dev.lock
	@mkdir -p $(MADE) && touch $@

lock: $(MADE)/run
	@packaging/lock $(PY)

clean:
	rm -rf $(VENV) build dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find metarr_desktop tests -name __pycache__ -type d -prune -exec rm -rf {} +
