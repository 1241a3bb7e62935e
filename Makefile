# make paper: everything from a fresh clone to results/paper/paper.pdf. make test: the checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores all --rerun-incomplete

.PHONY: paper smoke test check report bench lock latex browser env
.DEFAULT_GOAL := paper

paper: env latex
	@start=$$(date +%s); $(SNAKEMAKE) --quiet rules host && \
	PYTHONPATH=src $(BIN)/python -m icgd.stages.summary results/paper $$start

smoke: env latex
	@start=$$(date +%s); $(SNAKEMAKE) --configfile config/smoke.yaml && \
	PYTHONPATH=src $(BIN)/python -m icgd.stages.summary results/smoke $$start

report: env latex
	$(SNAKEMAKE)
	$(SNAKEMAKE) --report results/paper/report.html

bench: env
	$(SNAKEMAKE) bench

test: env latex browser check
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest

check: env
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(SNAKEMAKE) --lint

env: $(VENV)/installed

$(VENV)/installed: requirements.lock
	@PYTHON="$(PYTHON)" workflow/scripts/ensure_venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

latex:
	@workflow/scripts/ensure_latex.sh

browser:
	@workflow/scripts/ensure_browser.sh

# Needs uv; after it, update envs/icgd.yaml (a test compares them).
lock:
	uv pip compile pyproject.toml --extra test --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade -o requirements.lock
