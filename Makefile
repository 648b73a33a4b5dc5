# Short names for what is done often; `make` alone lists them. Arguments: make test ARGS="tests/sms -x"

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PY := $(BIN)/python
PACKAGES := clinic settings_app patients sms

# The whole suite runs on these. pytest-django makes a database of its own beside the one named here.
CHECK_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/clinic_check
CHECK_BROKER_URL ?= redis://127.0.0.1:6379/9
SERVICES := DATABASE_URL=$(CHECK_DATABASE_URL) CELERY_BROKER_URL=$(CHECK_BROKER_URL)

# Empty values keep what a .env file says about the developer's own clinic out of the checks.
PLAIN := CLINIC_DATA_DIR=var/check DEBUG=False SECRET_KEY= ALLOWED_HOSTS= PUBLIC_BASE_URL= DATABASE_URL= \
  CELERY_BROKER_URL= TWILIO_ACCOUNT_SID= TWILIO_AUTH_TOKEN= TWILIO_AUTH_TOKEN_PREVIOUS= TWILIO_API_URL= \
  TWILIO_MARKETING_SENDER= TWILIO_CARE_SENDER= TWILIO_READ_TIMEOUT= TWILIO_AT_ONCE= SMS_TICK_SECONDS= \
  SMS_LOOK_UP_SECONDS= \
  EMAIL_URL= EMAIL_FROM= TRUSTED_PROXIES= LANGUAGE_CODE=
PRODUCTION := $(PLAIN) $(SERVICES) PUBLIC_BASE_URL=https://sms.example.org \
  TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000 TWILIO_AUTH_TOKEN=not-a-real-token \
  TWILIO_MARKETING_SENDER=MG00000000000000000000000000000000 \
  TWILIO_CARE_SENDER=MG11111111111111111111111111111111

# Who gets a text, and that nobody gets it twice: no branch of these goes untested.
CRITICAL := patients/eligibility*,patients/consent*,patients/registration*,sms/dispatch*,sms/delivery*

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check setup lint types imports templates migrations deploy security containers \
  services suite smoke faults mutants bench screenshots format messages lock

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

demo: ## a whole clinic to try out: python3 bootstrap.py demo
	@$(PYTHON) bootstrap.py demo $(ARGS)

test: ## the tests that need nothing but Python: python3 bootstrap.py test
	@$(PYTHON) bootstrap.py test $(ARGS)

check: setup lint types imports templates migrations deploy security containers services suite smoke ## all that CI checks

setup: ## .venv with everything that development needs
	@$(PYTHON) bootstrap.py setup --dev

lint: ## ruff: mistakes and format
	@echo "--- $@"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: ## mypy, strict
	@echo "--- $@"
	@$(PY) -m mypy
	@$(PY) -m mypy bootstrap.py .ci/services.py .ci/skips.py
	@$(PY) -m mypy bench tests/faults tests/screenshots

imports: ## who may import whom
	@echo "--- $@"
	@$(BIN)/lint-imports

templates: ## djade: the format of the templates
	@echo "--- $@"
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --check --target-version 5.2

migrations: ## no model without its migration
	@echo "--- $@"
	@$(PLAIN) $(PY) manage.py makemigrations --check --dry-run

deploy: ## Django's own checks, with settings as in production
	@echo "--- $@"
	@SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))'); \
	env $(PRODUCTION) SECRET_KEY="$$SECRET_KEY" $(PY) manage.py check --deploy --fail-level WARNING

security: ## bandit, from medium severity (ruff's S rules see to the rest)
	@echo "--- $@"
	@$(PY) -m bandit --quiet --recursive --severity-level medium $(PACKAGES)

containers: ## the compose file by its schema, the Dockerfile by hadolint
	@echo "--- $@"
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile

services: ## whether PostgreSQL and Redis answer
	@echo "--- $@"
	@$(SERVICES) $(PY) .ci/services.py

suite: services ## every test, on PostgreSQL, Redis, real workers and Chromium, with coverage
	@echo "--- $@"
	@mkdir -p var/check
	@$(PLAIN) $(SERVICES) COVERAGE_FILE=var/check/coverage $(PY) -m pytest -n auto --maxprocesses 4 \
	  --cov --cov-report= --junit-xml=var/check/pytest.xml $(ARGS)
	@$(PY) .ci/skips.py var/check/pytest.xml
	@COVERAGE_FILE=var/check/coverage $(PY) -m coverage report --fail-under=95
	@COVERAGE_FILE=var/check/coverage $(PY) -m coverage report --fail-under=100 --include='$(CRITICAL)'

smoke: ## the sender against eight kinds of faults, once each: faults in small
	@echo "--- $@"
	@$(PY) -m tests.faults --smoke

faults: ## the sender against every fault, which takes hours (docs/reliability.md); FAULTS=smoke for minutes
	@$(PY) -m tests.faults $(if $(filter smoke,$(FAULTS)),--smoke) $(ARGS)

# The tool is kept out of the lock: it runs in an environment of its own, and only writes the mutants down.
MUTMUT := mutmut==3.8.1
mutants: ## small faults put into the sender, and whether the tests notice: hours; MUTATED="sms/outbox.py" for some
	@mkdir -p var
	@$(BIN)/uv run --quiet --isolated --no-project --with $(MUTMUT) python -m tests.mutants.make $(MUTATED) > var/mutants.jsonl
	@$(PLAIN) $(PY) -m tests.mutants var/mutants.jsonl var/fates.jsonl

bench: ## speed beside the barest statements, a JSON line per figure; BENCH=smoke for a small clinic
	@$(PLAIN) $(PY) -m bench

screenshots: ## the pictures in docs/guide/, from the demo's clinic; ARGS=--gallery: all pages, into var/gallery/
	@$(PY) -m tests.screenshots $(ARGS)

format: ## rewrites Python files and templates in the project's format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	-find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2

messages: ## the catalogue of one language, made or brought up to date: make messages LOCALE=de (needs gettext)
	@command -v msgfmt >/dev/null || { echo "It needs gettext's programs: apt install gettext."; exit 1; }
	@test -n "$(LOCALE)" || { echo "Say which language: make messages LOCALE=de."; exit 1; }
	@$(PLAIN) $(PY) manage.py makemessages --locale $(LOCALE) --no-location --no-wrap \
	  --extension html,txt,py --ignore .venv --ignore var --ignore tests --ignore bench --ignore staticfiles
	@$(PLAIN) $(PY) manage.py compilemessages --locale $(LOCALE) --ignore .venv

lock: ## writes both lock files anew from pyproject.toml (needs network)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
