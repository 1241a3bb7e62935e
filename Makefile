# make paper: everything from a fresh clone to results/paper/paper.pdf. make test: the checks.
# make PYTHON=python3.12 … sets up with another Python than python3.
VENV := .venv
BIN := $(VENV)/bin
ACTIVE := PATH="$$PWD/$(BIN):$$PATH"
# A recipe line of its own: with exec, what make starts is Snakemake itself, and a signal to make reaches it.
SNAKEMAKE := exec env $(ACTIVE) $(BIN)/snakemake --cores all

# The user's settings for other work; text is UTF-8 in every locale.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONIOENCODING
unexport TEXINPUTS TEXMFHOME MPLBACKEND PYTEST_ADDOPTS
export PYTHONUTF8 := 1

.PHONY: paper smoke figures test test-fast check report bench lock latex browser env
.DEFAULT_GOAL := paper

paper: env latex
	@$(SNAKEMAKE) --quiet rules host
	@$(BIN)/python workflow/scripts/summary.py results/paper

smoke: env latex
	@$(SNAKEMAKE) --configfile config/smoke.yaml
	@$(BIN)/python workflow/scripts/summary.py results/smoke

# From the archive of a run, without training: all figures and the PDF, or ONLY='one_step_sizes paper'.
figures: env latex
	@exec env $(ACTIVE) $(BIN)/python workflow/scripts/figures.py '$(ARCHIVE)' $(ONLY)

report: env latex
	$(SNAKEMAKE) report
	@echo "Report: results/paper/report.html"

bench: env
	$(SNAKEMAKE) --force bench growth

test: env latex browser check
	exec env $(ACTIVE) $(BIN)/pytest

# Without the tests that run the workflow.
test-fast: env latex
	exec env $(ACTIVE) $(BIN)/pytest -m "not workflow"

check: env
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	PYTHONPATH=src $(BIN)/lint-imports
	$(SNAKEMAKE) --lint

env:
	@sh workflow/scripts/ensure_venv.sh $(VENV)

latex:
	@sh workflow/scripts/ensure_latex.sh

browser:
	@sh workflow/scripts/ensure_browser.sh

# Needs uv; after it, update envs/icgd.yaml (a test compares them).
COMPILE := uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header --no-annotate

lock:
	$(COMPILE) --extra test --upgrade -o requirements.lock
	$(COMPILE) --extra slurm -c requirements.lock -o requirements-slurm.lock
	$(COMPILE) --extra cuda -c requirements.lock -o requirements-cuda.lock
