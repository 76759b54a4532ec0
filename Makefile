# Every verb sets up what it needs. `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

BIN := .venv/bin
RUN := .venv/run.stamp
DEV := .venv/dev.stamp
T ?= tests
ROUNDS ?= 20
SEED ?= 1
MINUTES ?= 30
ALL := $(if $(filter tests,$(T)),-n auto --dist worksteal)
ARGS ?=

.PHONY: help run demo test lint bench golden chaos soak lock sbom audit clean

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

run: $(RUN) ## start everything here, send three events through it, and serve until Ctrl-C
	@$(BIN)/hookline run $(ARGS)

demo: $(RUN) ## the same, but end after the three events
	@$(BIN)/hookline run --demo $(ARGS)

test: $(DEV) ## run the tests; T=tests/workers for a part of them
	@$(BIN)/python -m pytest $(ALL) $(T) $(ARGS)

lint: $(DEV) ## format, style, types and architecture; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(DEV) ## measure: events a second, calls an event, latency, memory
	@$(BIN)/python -m tests.bench $(ARGS)

golden: $(DEV) ## write the expected plans of the samples anew; read the diff before committing
	@$(BIN)/python -m pytest tests/sources --regold $(ARGS)

chaos: $(DEV) ## let everything go wrong at random, ROUNDS=20 SEED=1; nothing may be lost or doubled
	@HOOKLINE_CHAOS_ROUNDS=$(ROUNDS) HOOKLINE_CHAOS_SEED=$(SEED) $(BIN)/python -m pytest tests/chaos $(ARGS)

soak: $(DEV) ## run at 70 % of what is possible, with mishaps, MINUTES=30 SEED=1; nothing may grow or be lost
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED) $(ARGS)

lock: ## pin the dependencies anew, with hashes (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv; install it: python3 -m pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header pyproject.toml -o deploy/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --group dev -c deploy/requirements.txt -o deploy/requirements-dev.txt

sbom: $(RUN) ## write what is shipped, with hashes and licences: build/sbom.json
	@$(BIN)/python deploy/sbom.py build/sbom.json

audit: $(DEV) ## ask whether a fault is known of any pinned package; fails if so, or if nobody answers
	@$(BIN)/python deploy/audit.py $(ARGS)

clean: ## remove what set-up and tests made; keeps the data in .hookline
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Set-up. A changed lock installs anew; a Python that is gone makes a new .venv.

.venv/bin/python:
	@python=$$(sh deploy/python.sh) && "$$python" deploy/install.py venv

$(RUN): .venv/bin/python deploy/requirements.txt deploy/install.py
	@$(BIN)/python deploy/install.py run

$(DEV): $(RUN) deploy/requirements-dev.txt
	@$(BIN)/python deploy/install.py dev
