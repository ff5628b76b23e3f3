# The commands of a developer. Each target installs what it needs, on a machine with
# Python 3.11 or later, Node 20 or later and make.

VENV := .venv
ifeq ($(OS),Windows_NT)
# The recipes are for the shell that Git for Windows brings; make finds it where sh is on the search path.
PYTHON ?= python
BIN := $(VENV)/Scripts
EXE := .exe
else
PYTHON ?= python3
BIN := $(VENV)/bin
EXE :=
endif
# The newest Python that is supported, for test-newest.
NEWEST := 3.14
# More options for pytest, such as -x or -k NAME.
PYTEST_ARGS ?=
# What mutants takes: how many, drawn with which seed, of which folders or modules. Without a number it takes hours.
SAMPLE ?=
SEED ?= 1
PATHS ?=
# How long fuzz and soak take.
SECONDS ?= 60
MINUTES ?= 10
# Tests run in several processes: tests/conftest.py says in how many.
XDIST := -n auto --dist worksteal
# A test that starts a server would compile all of it each time.
unexport PYTHONDONTWRITEBYTECODE
STAMPS := .cache/stamps
ISSUE_FORMS := $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
# Where the pictures and links of the extension's page are, which the marketplace shows outside of the repository.
VSCE_URLS := --baseContentUrl https://github.com/modelport/modelport/blob/HEAD/client-vscode \
	--baseImagesUrl https://github.com/modelport/modelport/raw/HEAD/client-vscode

.PHONY: run test quick check newest test-newest test-editors test-servers test-agents fuzz soak otel mutants bench wheel vsix pictures recording generate \
	format clean help

help:  ## Lists the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(STAMPS)/runtime  ## Streams one completion through the server on this terminal
	@$(BIN)/python examples/stream.py --server $(BIN)/modelport

test: $(STAMPS)/development $(STAMPS)/node  ## Runs all tests that need no system package
	@npm run --silent test --workspace client-vscode >.cache/test-extension.log 2>&1 & extension=$$!; \
	trap 'kill $$extension 2>/dev/null' EXIT; \
	$(BIN)/python -m pytest -m "not editors and not servers and not agents" $(XDIST) $(PYTEST_ARGS); python=$$?; \
	trap - EXIT; wait $$extension; extension=$$?; \
	cat .cache/test-extension.log; exit $$((python + extension))

quick: $(STAMPS)/development  ## Checks what takes seconds: lint, layers, sizes, generated files and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python protocol/generate.py --check
	$(BIN)/python rows/generate.py --check
	$(BIN)/python docs/generate.py --check
	$(BIN)/python prices/generate.py --check
	$(BIN)/python protocol/check.py
	$(BIN)/python tests/sizes.py
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*.yml)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(ISSUE_FORMS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

check: quick $(STAMPS)/node  ## Checks lint, types for each system, layers, sizes and generated files
	$(BIN)/python tests/platforms.py
	npm run --silent check --workspace client-vscode
	npm run --silent build --workspace client-vscode

newest: $(STAMPS)/newest  ## Installs the newest Python for test-newest, fetched where it is not there

test-newest: $(STAMPS)/newest  ## Runs the unit and contract tests on the newest Python, fetched where it is not there
	.cache/newest/environment/$(notdir $(BIN))/python -m pytest tests/unit tests/contract $(XDIST) $(PYTEST_ARGS)

test-editors: $(STAMPS)/editors $(STAMPS)/node  ## Runs the tests with real editors, a real keyring and a real model server
	$(BIN)/python -m pytest -m editors

test-servers: $(STAMPS)/editors $(STAMPS)/node  ## Runs the tests with real model servers, installed on first use
	$(BIN)/python -m pytest -m servers

test-agents: $(STAMPS)/development  ## Runs the tests with twelve real agents, and opencode as a provider, installed on first use; writes docs/agents.md
	$(BIN)/python -m pytest -m agents
	$(BIN)/python tests/agents/table.py

fuzz: $(STAMPS)/development  ## Sends the server what no program should, for SECONDS=60, from SEED=1
	@PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS) --seed $(SEED)

soak: $(STAMPS)/development  ## Works eight servers hard for MINUTES=10, then their failover as long, and counts what is lost, doubled or left
	@PYTHONPATH=tests $(BIN)/python -m soak --minutes $(MINUTES) --seed $(SEED)
	@PYTHONPATH=tests $(BIN)/python -m soak.failover --minutes $(MINUTES) --seed $(SEED)

otel: $(STAMPS)/runtime $(STAMPS)/otel  ## Sends a call to a real collector (Phoenix), and reads its spans back from there
	$(BIN)/python tests/otel.py .cache/otel/$(notdir $(BIN))/phoenix

mutants: $(STAMPS)/mutants  ## Changes domain and engine at random places, and prints what no test notices
	$(BIN)/python tests/mutants.py $(if $(SAMPLE),--sample $(SAMPLE)) --seed $(SEED) $(PATHS)

bench: $(STAMPS)/development  ## Prints the performance table of this tree
	$(BIN)/python bench/table.py

wheel: $(STAMPS)/wheel  ## Builds wheel and sdist into dist/, and tries both with the newest and the oldest dependencies
	$(BIN)/python tests/wheel.py

vsix: $(BIN)/python$(EXE) $(STAMPS)/node  ## Builds the extension for VS Code, with the server inside, into dist/
	@rm -rf client-vscode/bundled client-vscode/dist
	@mkdir -p dist
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir client-vscode/bundled .
	@cd client-vscode && npx --no-install vsce package --no-dependencies --out ../dist $(VSCE_URLS)
	@ls -l dist/*.vsix

pictures: $(STAMPS)/editors $(STAMPS)/node  ## Retakes the pictures of the extension's page
	PYTHONPATH=tests $(BIN)/python -m editors.workbench.pictures

recording: $(STAMPS)/development  ## Records what a terminal shows, for the pages about it
	$(BIN)/python docs/record.py

generate: $(STAMPS)/development  ## Writes the files generated from protocol/model.json and the rows in data/*.toml
	$(BIN)/python rows/generate.py
	$(BIN)/python protocol/generate.py
	$(BIN)/python docs/generate.py

prices: $(STAMPS)/development  ## Writes the price lists anew, from the pinned genai-prices, our corrections and the catalog
	$(BIN)/python prices/generate.py

format: $(STAMPS)/development  ## Formats the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

clean:  ## Removes everything that was installed or built here
	rm -rf $(VENV) node_modules .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
		dist client-vscode/bundled client-vscode/dist client-vscode/node_modules

$(BIN)/python$(EXE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Modelport needs Python 3.11 or later; set PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

$(STAMPS)/runtime: pyproject.toml constraints.txt | $(BIN)/python$(EXE)
	@mkdir -p $(STAMPS)
	@echo "Installing Modelport into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(STAMPS)/development: pyproject.toml constraints.txt | $(BIN)/python$(EXE)
	@mkdir -p $(STAMPS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,vendors]'
	@touch $@ $(STAMPS)/runtime

$(STAMPS)/editors: $(STAMPS)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,vendors,editors]'
	@touch $@

$(STAMPS)/wheel: $(STAMPS)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,wheel]'
	@touch $@

$(STAMPS)/mutants: $(STAMPS)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,mutants]'
	@touch $@

$(STAMPS)/newest: pyproject.toml constraints.txt tests/newest_python.sh
	@mkdir -p $(STAMPS)
	@PYTHON=$(PYTHON) bash tests/newest_python.sh $(NEWEST) .cache/newest
	@.cache/newest/environment/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e '.[dev]'
	@touch $@

$(STAMPS)/node: package.json package-lock.json
	@mkdir -p $(STAMPS)
	@npm ci --no-audit --no-fund --silent
	@touch $@

$(STAMPS)/otel: | $(BIN)/python$(EXE)
	@mkdir -p $(STAMPS)
	@echo "Installing Phoenix into .cache/otel ..."
	@$(BIN)/python -m venv .cache/otel
	@.cache/otel/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check arize-phoenix==20.26.1
	@touch $@
