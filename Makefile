# The commands of README.md; everything else is Python (shop/embedded) or scripts/.
PYTHON_VENV = .venv/bin/python

.PHONY: install install-dev demo test test-browser check

install:
	@scripts/install requirements.txt

install-dev:
	@scripts/install requirements-dev.txt

demo: install
	@exec $(PYTHON_VENV) -m shop.embedded.demo

test: install-dev
	@exec $(PYTHON_VENV) -m pytest -n auto -m "not browser"

test-browser: install-dev
	@scripts/chromium
	@exec $(PYTHON_VENV) -m pytest -m browser

check: install-dev
	$(PYTHON_VENV) -m ruff check .
	$(PYTHON_VENV) -m ruff format --check .
	$(PYTHON_VENV) -m mypy .
	.venv/bin/lint-imports
	$(PYTHON_VENV) manage.py makemigrations --check --dry-run
	$(PYTHON_VENV) manage.py messages --check
