# make install | demo | test | check | bench | bench-detection | readers-report | oracles-report | fuzz — each does all the set-up it needs (README.md says what for).
PYTHON ?= python3
BIN := .venv/bin

# Debian packages: what the product needs, and what the tests start or call.
RUN_PACKAGES := libmagic1 libarchive13 tesseract-ocr tesseract-ocr-fra
TEST_PACKAGES := postfix postgresql swaks msmtp s-nail openssl systemd p7zip-full poppler-utils genisoimage zstd gcab \
  libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui fonts-liberation fonts-dejavu-core chromium

.PHONY: install dev demo test check format lint types contracts bench bench-detection readers-report oracles-report catalogue golden fuzz clean

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
	$(BIN)/pytest -n 2 --dist loadfile

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
	  for unit in systemd/*.service; do systemd-analyze security --offline=true --threshold=15 --no-pager $$unit | tail -n 1 || exit 1; done; \
	else echo "systemd-analyze is missing: apt-get install systemd"; fi

bench: dev
	$(BIN)/python -m bench

# Recall and false alarms of the shipped rules per source, worst first, beside their goals (a few minutes).
bench-detection: dev
	$(BIN)/python -m bench.detection

# Every format, plain, renamed, wrapped, locked, cut and empty: found, unreadable (why) or missed; fails when one is missed.
readers-report: dev
	@sh scripts/system-packages.sh $(RUN_PACKAGES) $(TEST_PACKAGES)
	$(BIN)/python -m tests.readers.report

# Ordinary messages of many clients, and the structures that other projects know of theirs; fails beyond its bounds.
oracles-report: dev
	@sh scripts/system-packages.sh $(RUN_PACKAGES) $(TEST_PACKAGES)
	$(BIN)/python -m tests.oracles.report

# The notices in other languages: every French sentence into rules/notices/locale, its translations compiled.
catalogue: dev
	$(BIN)/python -m tests.golden.catalogue

# The notices of tests/golden and the pictures in docs/, after a change of their words that was meant.
golden: dev
	@sh scripts/system-packages.sh $(TEST_PACKAGES)
	$(BIN)/python -m tests.golden
	$(BIN)/python -m tests.golden.console

FUZZ_MINUTES ?= 30
fuzz: dev
	$(BIN)/python -m tests.readers.fuzz --minutes $(FUZZ_MINUTES)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
