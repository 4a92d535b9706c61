# make app     installs what it needs and opens the app on the shipped model
# make test    installs what it needs and passes the tests
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install app test test-faults fuzz test-load test-longevity lint train bench bench-app bench-audit bench-speed bench-quality learning-curve vectors screenshots lock lock-check licences clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

app: install
	$(BIN)/streamlit run app.py

test: install
	$(BIN)/python -m pytest -n 2

# The attacks of tests/faults, with as many tries as RELIABILITY.md says; takes some ten minutes.
test-faults: install
	OPSCOPE_FAULTS=full $(BIN)/python -m pytest tests/faults -n 2 --dist worksteal --ignore tests/faults/test_load.py

# Twenty people in the app for ten minutes, and what they cost it and each other; takes some twenty-five minutes, by itself.
test-load: install
	OPSCOPE_FAULTS=full $(BIN)/python -m pytest tests/faults/test_load.py

# Versions saved with the oldest and the newest libraries, each asked with all of them; needs uv, takes some five minutes.
test-longevity: install
	PYTHONPATH=src $(BIN)/python tests/faults/longevity.py main

# Fuzzes every reader for so many minutes; atheris has an environment of its own, which nothing else needs.
MINUTES ?= 60

fuzz: .venv-fuzz/installed
	.venv-fuzz/bin/python tests/faults/fuzzing.py --minutes $(MINUTES)

.venv-fuzz/installed: install tests/faults/requirements.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check -r tests/faults/requirements.txt
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

train: install
	$(BIN)/opscope train data/activities.csv

# ONET names a CSV of task statements with a label (columns text, label); the row is left out where there is none.
ONET ?= ../shared/external/onet_tasks.csv

bench: install
	$(BIN)/python benchmarks/labels.py --onet $(ONET)

bench-audit: install
	$(BIN)/python benchmarks/audit.py

bench-app: install
	$(BIN)/python benchmarks/app.py

# The peers need PyTorch and more, which nothing else does.
bench-speed: .venv-bench/installed
	.venv-bench/bin/python benchmarks/speed.py

bench-quality: .venv-bench/installed
	.venv-bench/bin/python benchmarks/quality.py --onet $(ONET)

.venv-bench/installed: install benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

learning-curve: install
	$(BIN)/python benchmarks/learning_curve.py

# The word vectors need PyTorch, which nothing else does; see CONTRIBUTING.md.
vectors: .venv-workshop/installed
	.venv-workshop/bin/python workshop/make_vectors.py

.venv-workshop/installed: workshop/requirements.txt
	$(PYTHON) -m venv .venv-workshop
	.venv-workshop/bin/python -m pip install --quiet --disable-pip-version-check -r workshop/requirements.txt
	.venv-workshop/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

screenshots: install
	$(BIN)/python workshop/screenshots.py

lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-header -o constraints.txt

# The lock is the one that uv makes of pyproject.toml and of itself.
lock-check: lock
	git diff --exit-code constraints.txt

licences: install
	$(BIN)/python workshop/licences.py

clean:
	rm -rf .venv .venv-bench .venv-fuzz .venv-workshop .pytest_cache .ruff_cache dist
