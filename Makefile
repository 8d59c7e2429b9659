# From a fresh clone: `make run` serves the app, `make test` runs every test. The second start takes seconds.
# Needs Python 3.11 or newer; another one than `python3` by `make run PYTHON=/path/to/python`.

PYTHON ?= python3
VENV   ?= .venv
PY      = $(VENV)/bin/python
PIP     = $(PY) -m pip install --disable-pip-version-check --quiet
READY   = $(VENV)/.ready
DEV     = $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.PHONY: help run check test lint bench bench-long messages shots

help:                ## what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+): [^#]*## */  make \1\t/' | expand -t 20

$(PY):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Manabi Lab needs Python 3.11 or newer, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.txt | $(PY)
	@echo "Installing what the app needs into $(VENV) (PyTorch is large: some minutes the first time)"
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(READY) | $(PY)
	@echo "Installing what the tests need into $(VENV)"
	$(PIP) -r requirements-dev.txt
	@touch $@

run: $(READY)        ## install and open the app
	$(PY) -m streamlit run streamlit_app.py --server.showEmailPrompt false

# Two processes, whole files each. Threads that spin while they wait would take the processor from the other process.
# A process that dies fails its test; to replace it, pytest-xdist would wait forever with `loadfile`.
PYTEST  = GOMP_SPINCOUNT=0 $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0
LINT    = $(PY) -m ruff check . && $(PY) -m ruff format --check . && $(VENV)/bin/lint-imports --no-cache

check: $(DEV)        ## lint, layers and the quick tests
	$(LINT)
	$(PY) -m tools.voice
	$(PYTEST) -q -m "not slow and not realdata" tests/unit

test: $(DEV)         ## install and run every test
	$(PY) -m tools.browser --get
	$(PYTEST)

lint: $(DEV)         ## ruff, layers, dependencies, dead code, words
	$(LINT)
	$(VENV)/bin/deptry .
	$(VENV)/bin/vulture
	$(PY) -m tools.voice

bench: $(DEV)        ## the quick table of measurements, about a quarter of an hour
	$(PY) -m tools.browser --get
	$(PY) -m benchmarks

bench-long: $(READY) ## trainings to accuracy, much longer
	$(PY) -m benchmarks --long

messages: $(DEV)     ## collect the sentences for translation
	mkdir -p build
	$(VENV)/bin/pybabel extract --no-default-keywords -k _ -k N_ -k _n:1,2 -k counted:1,2 --add-location=file --no-wrap --project "Manabi Lab" \
		-o build/manabi.pot core ui pages streamlit_app.py
	@for language in $$(ls locale | grep -v '[.]'); do \
		$(VENV)/bin/pybabel update --no-fuzzy-matching --no-wrap --ignore-obsolete -i build/manabi.pot -l $$language -D manabi -d locale; \
	done

shots: $(DEV)        ## screenshots of every page, and the animations of the README
	$(PY) -m tools.browser --get
	$(PY) -m tools.screenshots
	$(PY) -m tools.animation
