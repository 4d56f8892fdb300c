# Each target makes its own virtual environment from scratch.
PYTHON ?= python3
DEMO_VENV ?= .venv-demo
# SevenNet and MACE need different versions of e3nn, so that each is tested in its own environment.
SEVENNET_VENV ?= .venv-test-sevennet
MACE_VENV ?= .venv-test-mace

.PHONY: demo test test-sevennet test-mace lint clean

demo: EXTRAS = sevennet
demo: ## install, and compute the heat capacity of quartz with SevenNet-0
	$(call fresh_environment,$(DEMO_VENV))
	$(DEMO_VENV)/bin/nearsight heat-capacity examples/structures/quartz.cif

test: test-sevennet test-mace ## install, check the code, and run the tests in both environments

test-sevennet: EXTRAS = sevennet,chgnet,d3,test,lint
test-sevennet: ## the environment of SevenNet, in which the code is checked too
	$(call fresh_environment,$(SEVENNET_VENV))
	$(MAKE) lint BIN=$(SEVENNET_VENV)/bin
	$(SEVENNET_VENV)/bin/python -m pytest

test-mace: EXTRAS = mace,d3,test
test-mace: ## the environment of MACE
	$(call fresh_environment,$(MACE_VENV))
	$(MACE_VENV)/bin/python -m pytest

lint: BIN ?= $(SEVENNET_VENV)/bin
lint: ## style, types and layers, in an environment that `make test-sevennet` made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(DEMO_VENV) $(SEVENNET_VENV) $(MACE_VENV)

# PyTorch comes first and is constrained afterwards: see constraints.txt.
define fresh_environment
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --requirement constraints.txt
	$(1)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
endef
