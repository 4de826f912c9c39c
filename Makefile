# make run    installs and trains the first experiment of the quickstart table
# make test   installs what the tests need and runs them, with ruff
# Needs python3 3.11 to 3.13 with venv, and a package index; no system package.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test coverage test-backends test-cluster test-kills test-oracles test-browser bench clean

run: .venv/installed
	$(BIN)/python run_experiment.py --table quickstart --exp 1

test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The same tests, a sixth slower, and the lines that they reach.
coverage: .venv/installed-test
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=
	$(BIN)/coverage report --fail-under 90

# The tests of parity and training on TensorFlow, JAX and PyTorch.
test-backends: .venv/installed-backends
	for backend in tensorflow jax torch; do \
	    KERAS_BACKEND=$$backend $(BIN)/python -m pytest -m backends || exit 1; done

# Tables on a Ray cluster of two nodes whose workers and nodes die; minutes.
test-cluster: .venv/installed-cluster
	$(BIN)/python -m pytest -m cluster

# Kills runs of nine kinds, a table of runs, and rejection sampling at random moments: all must end
# with the same bytes.
test-kills: .venv/installed-test
	$(BIN)/python tests/tools/kill_harness.py --kills 60 --commands 2 --tables 3 --rejections 9

# Every metric against the installed implementations of other projects, not only their committed
# numbers.
test-oracles: .venv/installed-oracles
	$(BIN)/python -m pytest tests/metrics/test_golden.py

# Pages of HTML in Chromium: the system's, or one that playwright downloads.
test-browser: .venv/installed-browser
	$(BIN)/python -m pytest tests/reports/test_html_in_a_browser.py

bench: .venv/installed-backends
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/metrics.py

clean:
	rm -rf .venv build *.egg-info .coverage* .pytest_cache .ruff_cache

.venv/installed: setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

.venv/installed-backends: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[jax,torch]'
	touch $@

.venv/installed-cluster: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,ray]'
	touch $@

.venv/installed-oracles: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[oracles]'
	touch $@

.venv/installed-browser: .venv/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[browser]'
	command -v chromium || command -v chromium-browser || command -v google-chrome || \
	    $(BIN)/playwright install chromium
	touch $@
