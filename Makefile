# One command per habit. Without make: type the commands below the target (with .venv/bin on your PATH).

PYTHON ?= python3
BIN := .venv/bin

.PHONY: help lab test check proof fuzz coverage house pythons image kernels demo release notebooks answers study \
	language editions site lite frames \
	figures screenshots slides bridge format clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment: a virtual environment with the versions in constraints.txt, which are known to work together.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

# What marking needs, without what only the tests do: half of the downloads.
.venv/marks: pyproject.toml constraints.txt
	@echo "First the downloads, into .venv. This is the longest step, and not done again."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e .
	touch $@

lab: .venv/ready  ## open JupyterLab on the course
	$(BIN)/jupyter lab

demo: .venv/marks  ## release, mark and report a small invented class in demo/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m autograder.cli.demo

test: .venv/ready  ## everything that CI runs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/run.py

pythons: .venv/ready  ## the tests on newer Pythons (needs root and debootstrap)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/pythons.py

image: .venv/ready  ## the commands of all images in a chroot, and what they are for (needs root and debootstrap)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/image.py

kernels: .venv/ready  ## the walls on Debian's kernels, in virtual machines (needs root, debootstrap and QEMU)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/kernels.py

check: .venv/ready  ## formatting, types, import rules, dependencies and the quick tests: a minute
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/run.py --quick

proof: .venv/ready  ## what the tests prove with a share of the cases, with all of them: some hours
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadgroup --proof -m "class or proof or share" tests

SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
fuzz: .venv/ready  ## hundreds of times as many random examples as in the tests: a night (again: SEED=…)
	@echo "SEED=$(SEED)"
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=nightly \
		--hypothesis-seed=$(SEED) tests

TESTS ?= tests
coverage: .venv/ready  ## which lines of the package the tests reach, in their subprocesses as well
	$(BIN)/coverage erase
	-PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/coverage run -m pytest -q -n 2 --dist loadgroup $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

release: .venv/ready  ## rebuild release/ from source/
	$(BIN)/autograder release

notebooks: .venv/ready  ## run the notebooks of source/ and notebooks/ and store their outputs
	$(BIN)/python -m autograder.authoring.notebooks

answers: .venv/ready  ## run the worked answers in answers/ and store their outputs
	$(BIN)/python -m autograder.authoring.answers

study: .venv/ready  ## make the self-study edition in self_study/: with hints, solutions and answers
	$(BIN)/autograder release --self-study

language: .venv/ready  ## start a translation: LANG=de NAME=Deutsch
	$(BIN)/autograder translate start "$(LANG)" $(if $(NAME),--name "$(NAME)")

editions: .venv/ready  ## renew locale/ from the original, and editions/ from locale/
	$(BIN)/autograder translate update
	$(BIN)/autograder translate build --run

frames: docs/_build/frames/ready  ## draw what the lessons' sliders show on the site: minutes, once

docs/_build/frames/ready: .venv/ready $(wildcard notebooks/*.ipynb notebooks/*.py docs/frames/*.py locale/*/*.po)
	$(BIN)/python docs/frames/draw.py
	touch $@

site: frames  ## build the web site of lessons, assignments and guides in docs/_build/html
	$(BIN)/python docs/build.py

lite: .venv/ready  ## build the browser edition, which needs no installation, for make site
	$(BIN)/python docs/lite/build.py $(LITE)

figures: .venv/ready  ## draw all figures again
	$(BIN)/python docs/figures/draw.py

house: .venv/ready  ## draw the structure of the package again
	$(BIN)/python docs/figures/house.py

slides: .venv/ready  ## make the slides of the two lectures, HTML and PDF, in docs/_build/slides (needs Chromium)
	$(BIN)/python docs/teaching/slides/slides.py

# An environment of its own: with torch in the other one, nbval would no longer try lesson 08 without it.
.venv/bridge/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv/bridge
	.venv/bridge/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

bridge: .venv/bridge/ready  ## run lesson 08 with PyTorch, and compare (downloads PyTorch)
	.venv/bridge/bin/python benchmarks/bridge.py

screenshots: .venv/ready  ## photograph the course at work (needs Chromium)
	$(BIN)/python docs/screenshots/take.py

format: .venv/ready  ## format Python files and notebooks
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## remove what marking and testing left behind (not the environment)
	rm -rf demo docs/_build .coverage .hypothesis .pytest_cache .mypy_cache .ruff_cache
