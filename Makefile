# Everything needs Python 3.11+ and make; the first target you run sets up .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lab notebooks deep mutants lint types layers docs pictures package check bench clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

$(VENV)/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[sandbox]'
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/demo $(VENV)/lab

$(VENV)/mutants: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutants]'
	@touch $@ $(VENV)/demo $(VENV)/dev $(VENV)/lab

$(VENV)/lab: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[lab]'
	@touch $@ $(VENV)/demo

demo: $(VENV)/demo  ## fetch from the built-in sandbox and ask questions of it
	@$(BIN)/mp demo

lab: $(VENV)/lab  ## JupyterLab with the quickstart, on the sandbox (LAB=--no-browser: options of its own)
	MP_ACCOUNT=sandbox $(BIN)/jupyter lab --LabApp.expose_app_in_browser=True $(LAB) notebooks/quickstart.ipynb

test: $(VENV)/dev  ## the tests; those in a browser need Chromium and leave pictures in build/
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --ignore tests/lab
	$(BIN)/python -m pytest tests/lab

deep: $(VENV)/dev  ## the tests with twenty times the random examples, for which no test is too slow
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest --numprocesses auto --dist worksteal --ignore tests/lab -o faulthandler_timeout=0

mutants: $(VENV)/mutants  ## which faults in the code no test notices, by a sample (ONLY=folder SAMPLE=25 SEED=1)
	nice $(BIN)/python -m bench.mutants $(ONLY) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@git log --format=%s 4ddd3be.. 2>/dev/null | awk 'length > 72 { print "more than 72 characters: " $$0; bad = 1 } END { exit bad }'

types: $(VENV)/dev
	$(BIN)/mypy

layers: $(VENV)/dev
	$(BIN)/lint-imports

docs: $(VENV)/dev  ## what the code says of itself into docs/, and the site into build/site, strictly
	$(BIN)/cog -r -P $$(grep -rl '\[\[\[cog' docs)
	$(BIN)/python -m reference > docs/llms.txt
	$(BIN)/zensical build --strict
	cd docs && find . -name '*.md' | tar -cf - -T - | tar -xf - -C ../build/site  # what llms.txt links to

pictures: $(VENV)/dev  ## docs/pictures anew: widgets in JupyterLab, the demo in a terminal
	$(BIN)/python -m pytest tests/lab
	$(BIN)/python -m reference.pictures

package: $(VENV)/dev  ## wheel and sdist in dist/, installed into clean environments and tried there
	$(BIN)/python -m pytest tests/packaging

check: lint types layers test docs package  ## all of that: what CI runs

notebooks: $(VENV)/dev  ## run the notebooks again, in place, in a home without accounts
	rm -f notebooks/*.duckdb*
	home=$$(mktemp -d) && HOME=$$home MP_DATA_DIR=$$home MP_CONFIG_PATH=$$home/none \
		$(BIN)/jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False \
		--ExecutePreprocessor.store_widget_state=False notebooks/*.ipynb; rm -rf $$home
	$(BIN)/jupyter nbconvert --to notebook --inplace --TagRemovePreprocessor.enabled=True \
		--TagRemovePreprocessor.remove_all_outputs_tags=widget notebooks/*.ipynb

bench: $(VENV)/dev  ## context economy, speed and memory, as ratios within one run (QUICK=1: not of 5,000,000 events)
	$(BIN)/python -m bench.context
	$(BIN)/python -m bench $(if $(QUICK),quick)

clean:  ## forget the environment and all caches
	rm -rf $(VENV) dist mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .cache
