# make install | demo | test | check | bench — each does all the set-up it needs (README.md says what for).
PYTHON ?= python3
BIN := .venv/bin

# Debian packages: what the product needs, and what the tests start or call.
RUN_PACKAGES := libmagic1
TEST_PACKAGES := postfix swaks msmtp s-nail systemd

.PHONY: install dev demo test check format lint types contracts bench clean

install: .venv/.installed
dev: .venv/.dev

.venv/.installed: requirements.lock pyproject.toml
	@sh scripts/system-packages.sh venv $(RUN_PACKAGES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

.venv/.dev: .venv/.installed requirements-dev.lock
	@sh scripts/system-packages.sh $(TEST_PACKAGES)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	$(BIN)/mss-guard demo

test: dev
	@sh scripts/system-packages.sh $(RUN_PACKAGES) $(TEST_PACKAGES)
	$(BIN)/pytest

check: format lint types contracts unit-files test

format: dev
	$(BIN)/ruff format --check .
lint: dev
	$(BIN)/ruff check .
types: dev
	$(BIN)/mypy
contracts: dev
	$(BIN)/lint-imports

.PHONY: unit-files
unit-files: dev
	@if command -v systemd-analyze >/dev/null; then \
	  systemd-analyze security --offline=true --threshold=15 --no-pager systemd/mss-guard.service | tail -n 1; \
	else echo "systemd-analyze is missing: apt-get install systemd"; fi

bench: dev
	$(BIN)/python -m bench

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
