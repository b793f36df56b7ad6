# Two commands matter: `make run` and `make test`. Everything they need they install themselves.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run test trust system-packages lint types bench lock migration docs clean

HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# The newest Python from 3.11 to 3.13 that really starts (a pyenv shim may be there and not run).
FIND_PYTHON = for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(BIN)/python:
	@python="$$($(FIND_PYTHON))"; test -n "$$python" || { echo "Python 3.11 to 3.13 is needed" >&2; exit 1; }; \
		"$$python" -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	@test -e $(VENV)/.dev || $(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(BIN)/python
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@ $(VENV)/.run

run: $(VENV)/.run ## Serve the demo with Swagger UI (HOST, PORT, APP_DATABASE_URL)
	@exec $(BIN)/python -m app.cli run --host $(HOST) --port $(PORT)

# mypy runs beside the tests; what it says is shown at the end, and the run fails if either fails.
test: $(VENV)/.dev system-packages lint ## Everything that must hold, on SQLite and PostgreSQL (long checks shortened)
	@$(BIN)/mypy >$(VENV)/mypy.txt 2>&1 & types=$$!; trap 'kill $$types 2>/dev/null' INT TERM; failed=0; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup --durations=25 || failed=$$?; \
	wait $$types || failed=$$?; cat $(VENV)/mypy.txt; exit $$failed

trust: $(VENV)/.dev system-packages ## The long checks whole: 20 kills, 50 examples an operation
	TRUST=1 $(BIN)/python -m pytest tests/e2e tests/contracts

lint: $(VENV)/.dev ## Style, import contracts, dependencies, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/hadolint Dockerfile

types: $(VENV)/.dev ## mypy strict
	$(BIN)/mypy

system-packages: ## Install PostgreSQL and Chromium for the tests, where missing and where allowed
	@missing=; ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	test -x /usr/bin/chromium || missing="$$missing chromium"; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
		else echo "The tests need the Debian packages:$$missing" >&2; exit 1; fi; \
	fi

bench: $(VENV)/.dev system-packages ## Benchmarks: ratios measured side by side in one run
	$(BIN)/python -m bench.drivers
	$(BIN)/python -m bench.template_search

lock: $(VENV)/.dev ## Renew the hash-locked requirements
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header -q \
		pyproject.toml --extra dev -o requirements-dev.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header -q \
		pyproject.toml -c requirements-dev.txt -o requirements.txt

docs: $(VENV)/.dev ## Write openapi/openapi.json, docs/settings.md and docs/problems.md anew
	$(BIN)/python -m app.cli export-openapi
	$(BIN)/python -m app.cli export-docs

migration: $(VENV)/.dev ## Draft the next migration from the models (NAME=what_it_does)
	$(BIN)/python -m app.cli draft-migration "$(NAME)"

clean: ## Remove the environment and what the service made
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
