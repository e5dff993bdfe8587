# Everything a fresh machine needs: Python 3.11, make and git. See README.md.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: demo test check format lock clean

demo: .venv/run.stamp
	exec $(BIN)/groundswell demo --port $(PORT)

# Without the tests of the architecture, which `make check` runs. The browser's driver keeps an event loop in its
# process, which the workers' tests must not find there. Exit code 5 means that ARGS chose no test of the browser.
test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/browser --ignore=tests/architecture $(ARGS)
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/browser $(ARGS) || test $$? -eq 5

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy groundswell
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/groundswell makemigrations --check --dry-run

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Renew the lock files: names, versions and hashes, no addresses.
lock: .venv/dev.stamp
	$(BIN)/uv pip compile -q --upgrade --no-header --no-emit-index-url --generate-hashes --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --no-header --no-emit-index-url --generate-hashes --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml $(wildcard groundswell/locale/*/LC_MESSAGES/django.po) | .venv/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	$(BIN)/groundswell messages --compile
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf .venv .groundswell .pytest_cache .mypy_cache .ruff_cache
