# The commands of the project; each does its own set-up. `make help` lists them.
PYTHON ?= python3
VENV := .venv
# Tests wait often, for servers and browsers: one worker more than there are processors.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: help demo test check format bench deid-score viewer docs wheel clean
help:
	@echo "make demo    start an archive with demonstration studies and print where it is (make demo OPEN=1 opens the browser)"
	@echo "make test    install what tests need and run all of them"
	@echo "make check   format, lint, types, dependency direction, viewer checks"
	@echo "make bench   the benchmarks (needs the peers of docs/benchmarks.md)"
	@echo "make deid-score  score of de-identification with planted identifiers, beside other programs"
	@echo "make viewer  build the viewer into the package"
	@echo "make wheel   build the wheel"
	@echo "make format  format the code"
	@echo "make clean   remove what make has made, the demonstration archive too"

$(STAMP): pyproject.toml tools/install.py
	@$(PYTHON) tools/install.py $(VENV)
	@touch $@

$(DEV_STAMP): $(STAMP)
	@$(PYTHON) tools/install.py $(VENV) --dev
	@touch $@

viewer: $(STAMP)
	@$(BIN)/python tools/build_viewer.py

demo: viewer
	@exec $(BIN)/isocenter demo $(if $(OPEN),--open)

test: $(DEV_STAMP) viewer
	@$(PYTHON) tools/install_peers.py
	@$(BIN)/python tools/fetch_ohif.py
	@$(BIN)/python tools/test_viewer.py
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile $(PYTEST_ARGS)

check: $(DEV_STAMP) viewer
	$(BIN)/ruff format --check src tests tools bench hatch_build.py
	$(BIN)/ruff check src tests tools bench hatch_build.py
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layers.py
	$(BIN)/python tools/test_viewer.py --check

format: $(DEV_STAMP)
	$(BIN)/ruff format src tests tools bench hatch_build.py
	$(BIN)/ruff check --fix src tests tools bench hatch_build.py

bench: $(DEV_STAMP) viewer
	$(BIN)/python -m bench $(BENCH_ARGS)

deid-score: $(DEV_STAMP)
	$(BIN)/python -m bench.deid_score --peers "$$($(PYTHON) tools/install_deid_peers.py)" $(SCORE_ARGS)

docs: $(DEV_STAMP)
	$(BIN)/python tools/make_docs.py

wheel: $(DEV_STAMP)
	$(BIN)/pip wheel --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) .demo dist build viewer/node_modules src/isocenter/web/static .mypy_cache .pytest_cache .ruff_cache .hypothesis
