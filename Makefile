# Two commands matter: `make run` (the whole service with a demo) and `make test`. Only Python >= 3.11 is needed.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin
# further arguments, e.g. make test ARGS="-k kafka"
ARGS ?=
# a test process a core; a file's tests stay together, as they share a broker. ARGS="-n0 -s" shows what a test prints
SIDE_BY_SIDE := -n auto --maxprocesses 8 --dist loadfile

.PHONY: help run setup setup-dev test bench lint format lock clean

help:
	@echo "make run        set everything up (once) and start the service with its demo; Ctrl-C ends it"
	@echo "make test       run all tests (a real Apache Kafka is started for them)"
	@echo "make setup      make .venv with what the service needs; setup-dev: and what its tests need"
	@echo "make bench      run the benchmarks of tests/benchmarks"
	@echo "make lint       ruff and mypy"
	@echo "make format     let ruff format the code"
	@echo "make lock       resolve the requirements files anew from pyproject.toml"
	@echo "make clean      remove .venv and caches (the data in haidang-data stays)"

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "[setup] failed: Python 3.11 or newer is needed and none was found;" \
		"install one or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }

setup: python
	@"$(PYTHON)" deploy/bootstrap.py run

setup-dev: python
	@"$(PYTHON)" deploy/bootstrap.py dev

run: setup
	@$(BIN)/haidang up --demo $(ARGS)

test: setup-dev
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

bench: python
	@"$(PYTHON)" deploy/bootstrap.py bench
	@$(BIN)/python -m pytest tests/benchmarks -o python_files='bench_*.py' -s $(ARGS)

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header pyproject.toml --extra build
lock: setup-dev
	@$(LOCK) -o requirements.txt
	@$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt
	@$(LOCK) --extra dev --extra bench -c requirements-dev.txt -o requirements-bench.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build dist
