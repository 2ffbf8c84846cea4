# Gatehouse. `make demo` to see it, `make serve` to run it; README.md tells the rest.

PYTHON ?= python3
TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/gatehouse
# Further arguments for pytest, for example: make test ARGS="-k names -x"
ARGS ?=

RUN := .venv/bin/python
INSTALLED := .venv/.installed
OWN := registry publishers tokens tests demo bench manage.py
# A file's tests share the servers that they start; files come in the order of tests/conftest.py. Three processes for two
# cores, since many tests wait; but two where they share PostgreSQL's 100 connections.
PYTEST := $(RUN) -m pytest --dist loadfile --no-loadscope-reorder
# What `check --deploy` looks at, and what mypy's Django plugin loads.
PRODUCTION := env DEBUG=false SITE_URL=https://packages.example.com OIDC_AUDIENCE=packages.example.com \
	SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz DATABASE_URL=sqlite:///:memory:

.PHONY: install demo test test-all serve bench lint fmt lock openapi screenshots
.NOTPARALLEL:

install: $(INSTALLED)

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'make: $(PYTHON) is not Python 3.11 or later; name one: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'make: $(PYTHON) has no venv; on Debian: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	@# So that .venv/bin/pytest and .venv/bin/mypy find the project's packages wherever they are called.
	@echo '$(CURDIR)' > "$$($(RUN) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/gatehouse.pth"
	@touch $@

demo: $(INSTALLED)
	@$(RUN) -m demo

test: $(INSTALLED)
	TEST_DATABASE_URL= $(PYTEST) -n 3 $(ARGS)

test-all: $(INSTALLED)
	@$(RUN) -m tests.machine '$(TEST_DATABASE_URL)'
	TEST_DATABASE_URL= REQUIRE_ALL=1 $(PYTEST) -n 3 $(ARGS)
	TEST_DATABASE_URL='$(TEST_DATABASE_URL)' REQUIRE_ALL=1 $(PYTEST) -n 2 $(ARGS)

serve: $(INSTALLED)
	@exec $(RUN) -m registry.serve

bench: $(INSTALLED)
	@$(RUN) -m bench $(ARGS)

screenshots: $(INSTALLED)
	@$(RUN) -m demo.pictures

lint: $(INSTALLED)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(PRODUCTION) $(RUN) -m mypy $(OWN)
	$(RUN) -m djlint --quiet --check templates
	$(RUN) -m djlint --quiet --lint templates
	$(PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(RUN) manage.py makemigrations --check --dry-run
	@# The API's document is what the code says: make openapi writes it anew.
	$(PRODUCTION) $(RUN) manage.py spectacular --validate --fail-on-warn | diff docs/openapi.yaml -

fmt: $(INSTALLED)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .
	$(RUN) -m djlint --quiet --reformat templates

# What the API says of itself, for tools that are made from it.
openapi: $(INSTALLED)
	$(PRODUCTION) $(RUN) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

# New versions for all: make lock UPGRADE=--upgrade
lock: $(INSTALLED)
	.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" $(UPGRADE) -o requirements.txt
	.venv/bin/uv pip compile --group pyproject.toml:dev -c requirements.txt --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command "make lock" $(UPGRADE) -o requirements-dev.txt
