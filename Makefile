# Every recipe does its own set-up: on a fresh machine `make run` and `make test` are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SERVERS := $(VENV)/.servers

.DEFAULT_GOAL := help

help: ## Show what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(READY) ## A campaign over mail servers on this machine, with time sped up: a login is lost, a clock runs out
	$(BIN)/sendledger demo demo-store

stream: $(READY) ## A stop travels from a click to a consumer's row, over a real Kafka on this machine
	$(BIN)/python examples/stream/run.py

test: lint $(SERVERS) ## Everything CI runs
	$(BIN)/python -m tests.suites

check: lint $(SERVERS) ## Lint, types, and the tests that kill no process
	$(BIN)/python -m tests.suites --no-kills

lint: $(READY) ## Lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

soak: $(READY) $(SERVERS) ## Longer histories, more interleavings, more kills
	$(BIN)/python -m pytest -q -m soak

simulate: $(READY) ## A deterministic simulation; SEED=13, MINUTES=10 for the seeds that follow on all cores (PROCESSES=1 on one), FOUND=1 until a violation, STORE=sqlite
	$(BIN)/python -m tests.simulation $(or $(SEED),1) --shrink --coverage $(if $(STORE),--store $(STORE)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(FOUND),--until-found)

mutate: $(READY) ## Mutation testing of the rules and the reactions
	$(BIN)/python -m tests.mutate

bench: $(READY) $(SERVERS) ## Figures as ratios to something run beside it; ONLY=stream for some
	$(BIN)/python -m bench $(ONLY)

law: $(READY) ## Write docs/law.md anew: rule, guard, tests, scenario
	$(BIN)/python -m tests.law_page

contract: $(READY) ## Publish schemas of new events and versions, and write docs/stream/asyncapi.yaml anew
	$(BIN)/python -m tests.stream_contract

client: $(READY) ## Write examples/client/sendledger_client.py anew from the API's document
	$(BIN)/python -m tests.client_module

pictures: $(READY) $(SERVERS) ## Take the pictures of the documentation anew
	$(BIN)/python -m pytest -q -m pictures tests/browser

clean: ## Remove what the recipes made
	rm -rf $(VENV) demo-store mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sendledger needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/install-venv $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

$(SERVERS): .ci/install-servers tests/stream/parser/package-lock.json tests/browser/axe/package-lock.json | $(READY)
	.ci/install-servers
	@touch $(SERVERS)

.PHONY: help run stream test check lint soak simulate mutate bench law contract client pictures clean
