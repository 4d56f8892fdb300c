# Each target makes its own virtual environment from scratch.
PYTHON ?= python3
DEMO_VENV ?= .venv-demo
TEST_VENV ?= .venv-test

.PHONY: demo test lint clean

demo: EXTRAS = sevennet
demo: ## install, and compute the heat capacity of quartz with SevenNet-0
	$(call fresh_environment,$(DEMO_VENV))
	$(DEMO_VENV)/bin/nearsight heat-capacity examples/structures/quartz.cif --supercell 2 2 1

test: EXTRAS = sevennet,test,lint
test: ## install, check the code, and run the tests
	$(call fresh_environment,$(TEST_VENV))
	$(MAKE) lint BIN=$(TEST_VENV)/bin
	$(TEST_VENV)/bin/python -m pytest

lint: BIN ?= $(TEST_VENV)/bin
lint: ## style, types and layers, in an environment that `make test` made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(DEMO_VENV) $(TEST_VENV)

# PyTorch comes first and is constrained afterwards: see constraints.txt.
define fresh_environment
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --requirement constraints.txt
	$(1)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
endef
