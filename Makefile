# The project's commands; `make` lists them. Each command sets up the environments that it needs. A stamp file stands for each
# environment, so make recreates an environment when its inputs are newer than the stamp.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV := .tools/uv/bin/uv
CDK := node_modules/.bin/cdk

# Folder and port of the local cloud; change both to run several at once.
export LOCAL_CLOUD_DIR ?= .local-cloud
export LOCAL_CLOUD_PORT ?= 4566

# Use the machine's Python for every environment.
export UV_PYTHON_DOWNLOADS := never

# Node.js 20 works as well as 22; these variables silence the warnings about it.
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED := true
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20,22
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

##### Environments

UV_READY := .tools/uv/.ready
DEV_READY := .venv/.ready
RUNNER_READY := .venv-runner/.ready
EMULATOR_READY := .local-cloud/venv/.ready
NODE_READY := node_modules/.ready
DOCS_READY := .venv-docs/.ready

ENVIRONMENTS := $(DEV_READY) $(RUNNER_READY) $(EMULATOR_READY) $(NODE_READY)

.PHONY: init
init: $(ENVIRONMENTS) $(LABEXTENSION_READY) browser ## Set up all environments, the JupyterLab extension and the browser for the tests

$(UV_READY): requirements/uv.txt
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is missing; install Python 3.11 or later." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old; install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .tools/uv"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade --require-hashes \
		--target .tools/uv --requirement requirements/uv.txt
	@touch $@

# $(1): folder, $(2): locks
define environment
	@echo "Setting up $(1)"
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(1)
	@$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $(2)
endef

$(DEV_READY): requirements/dev.txt pyproject.toml | $(UV_READY)
	$(call environment,.venv,requirements/dev.txt)
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(RUNNER_READY): requirements/runner-test.txt | $(UV_READY)
	$(call environment,.venv-runner,requirements/runner-test.txt)
	@touch $@

$(EMULATOR_READY): requirements/emulator.txt | $(UV_READY)
	$(call environment,.local-cloud/venv,requirements/emulator.txt)
	@touch $@

# Not in ENVIRONMENTS: only `make docs` needs it, and so `make check`.
$(DOCS_READY): requirements/docs.txt | $(UV_READY)
	$(call environment,.venv-docs,requirements/docs.txt)
	@touch $@

$(NODE_READY): package-lock.json
	@command -v npm > /dev/null || { echo "node and npm are missing; install Node.js 20 or later (22 is best), for the CDK CLI." >&2; exit 1; }
	@echo "Setting up node_modules"
	@npm ci --silent
	@touch $@

# Not in ENVIRONMENTS: only `make lab` and the tests need the extension, and it would slow down `make demo`.
LABEXTENSION_NODE := labextension/node_modules/.ready
LABEXTENSION_READY := labextension/lib/.ready
LABEXTENSION_FROM := $(shell find labextension/src labextension/style labextension/schema -type f) labextension/package.json labextension/tsconfig.json

.PHONY: labextension
labextension: $(LABEXTENSION_READY) ## Build the JupyterLab extension and install it into .venv

$(LABEXTENSION_NODE): labextension/package-lock.json labextension/package.json
	@command -v npm > /dev/null || { echo "node and npm are missing; install Node.js 20 or later (22 is best), for the JupyterLab extension." >&2; exit 1; }
	@echo "Setting up labextension/node_modules"
	@npm --prefix labextension ci --silent --ignore-scripts
	@touch $@

# An editable installation copies the built extension, as that of a wheel does.
$(LABEXTENSION_READY): $(LABEXTENSION_FROM) $(LABEXTENSION_NODE) $(DEV_READY)
	@echo "Building the JupyterLab extension"
	@mkdir -p build && npm --prefix labextension run --silent build > build/labextension.log 2>&1 || { cat build/labextension.log >&2; exit 1; }
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --reinstall --editable .
	@touch $@

.PHONY: check-labextension
check-labextension: $(LABEXTENSION_NODE)
	@npm --prefix labextension run --silent check

# Not in ENVIRONMENTS: only the browser tests need it, and it would slow down `make demo`.
.PHONY: browser
browser: $(DEV_READY)
	@.venv/bin/python -m tests.browser.chromium

##### Local cloud

.PHONY: up
up: $(ENVIRONMENTS) ## Start the local cloud and deploy the stack to it
	@.venv/bin/python -m local_cloud up

.PHONY: down
down: ## Stop the local cloud and keep its data
	@$(PYTHON) -m local_cloud down

.PHONY: lab
lab: up $(LABEXTENSION_READY) ## Start JupyterLab on the local cloud, with the examples
	@exec .venv/bin/python -m local_cloud lab

.PHONY: inbox
inbox: $(DEV_READY) ## Print the notifications of the local cloud: mails and webhooks
	@.venv/bin/python -m local_cloud inbox

.PHONY: demo
demo: up ## Run a notebook on the local cloud and download its outputs
	@rm -rf outputs/demo
	@source $(LOCAL_CLOUD_DIR)/env && .venv/bin/nbjobs submit examples/co2/co2.ipynb --folder -p start_year=1970 \
		--format ipynb --format html --wait --download outputs/demo

##### Runner image

# A base image to use instead of the one pinned in the Dockerfile; `make base-image` builds one without an image registry.
BASE_IMAGE ?=
# x86_64 or arm64; overrides runners.architecture in scheduler.toml.
ARCHITECTURE ?=
# docker, podman or buildah; the default is the first that works.
ENGINE ?=
IMAGE = .venv/bin/python -m infra.image $(if $(ENGINE),--engine $(ENGINE))
BASE_ARCHIVE := build/base-image/base.tar

.PHONY: image
image: $(DEV_READY) ## Build the runner image with Docker, Podman or Buildah
	@$(IMAGE) build $(if $(BASE_IMAGE),--base $(BASE_IMAGE)) $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

.PHONY: base-image
base-image: $(DEV_READY) $(BASE_ARCHIVE) ## Build the base of the runner image from Debian packages, as root
	@$(IMAGE) base --archive $(BASE_ARCHIVE)

$(BASE_ARCHIVE): runner_container/debootstrap.sh
	@echo "Building $@ from Debian's packages, in about a minute"
	@runner_container/debootstrap.sh $@

##### Tests and checks

.PHONY: test
test: $(ENVIRONMENTS) $(LABEXTENSION_READY) ## Run all tests, including browser and containers
	@.ci/test

# How many jobs of two owners the test of many jobs submits.
JOBS := 30
KILL_TESTS = .venv/bin/python -m pytest tests/kill --jobs $(JOBS)

.PHONY: kill-tests
kill-tests: $(ENVIRONMENTS) ## Kill, suspend and cut off real runs, and check how they end
	@$(KILL_TESTS)

.PHONY: reliability
reliability: $(ENVIRONMENTS) ## Run the kill tests and write docs/reliability.md
	@rm -f build/reliability.json
	@$(KILL_TESTS) --runxfail -k test_the_promise || true
	@.venv/bin/python -m tests.kill.report

LINTED := build/.templates-linted

.PHONY: check
check: $(DEV_READY) ## Check style, formatting, imports, types, lock files and templates
	@PRE_COMMIT_HOME=build/pre-commit .venv/bin/pre-commit run --all-files --color never

.PHONY: hooks
hooks: $(DEV_READY) ## Make git run these checks before each commit
	@.venv/bin/pre-commit install

.PHONY: check-locks
check-locks: $(UV_READY)
	@rm -rf build/locks && mkdir -p build/locks && cp requirements/*.txt build/locks
	@$(MAKE) lock LOCKS=build/locks
	@for platform in $(RUNNER_PLATFORMS); do $(UV) pip install --quiet --dry-run --target build/wheels --python-platform $$platform \
		--python-version 3.13 --only-binary :all: --require-hashes --requirement requirements/runner.txt || exit 1; done
	@diff --recursive --brief requirements build/locks || { echo "The lock files are not up to date; run \`make lock\`." >&2; exit 1; }

.PHONY: check-templates
check-templates: $(LINTED)

# The inputs of the templates: the CDK app, and the routes and settings that it reads.
TEMPLATES_FROM := $(shell find app chalicelib infra runner_container tests/infra -name __pycache__ -prune -o -type f -print)

$(LINTED): $(TEMPLATES_FROM) .cfnlintrc.yaml cdk.json scheduler.toml requirements/function.txt $(DEV_READY) | $(NODE_READY)
	@echo "Linting the templates"
	@.venv/bin/python -m tests.infra.lint
	@mkdir -p $(@D) && touch $@

LOCKS := requirements
# Platforms of the runner image, which installs wheels only; Debian 13 has glibc 2.41.
RUNNER_PLATFORMS := x86_64-manylinux_2_40 aarch64-manylinux_2_40
# Packages to upgrade, as in `make lock UPGRADE="urllib3 requests"`.
UPGRADE :=
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 $(addprefix --upgrade-package ,$(UPGRADE))
# Lambda's runtime provides botocore; chalice needs the others only for its own packaging and deployment.
LEFT_OUT := $(addprefix --no-emit-package ,botocore pip setuptools wheel click pyyaml)

.PHONY: lock
lock: $(UV_READY) ## Update requirements/ after a change of pyproject.toml
	@$(COMPILE) --group pyproject.toml:function $(LEFT_OUT) -o $(LOCKS)/function.txt
	@$(COMPILE) --group pyproject.toml:runner -o $(LOCKS)/runner.txt
	@$(COMPILE) --group pyproject.toml:runner-test --constraint requirements/runner.txt -o $(LOCKS)/runner-test.txt
	@$(COMPILE) --group pyproject.toml:emulator -o $(LOCKS)/emulator.txt
	@$(COMPILE) pyproject.toml -o $(LOCKS)/connector.txt
	@$(COMPILE) --group pyproject.toml:docs -o $(LOCKS)/docs.txt
	@$(COMPILE) pyproject.toml --group pyproject.toml:dev -o $(LOCKS)/dev.txt

.PHONY: audit
audit: $(DEV_READY) ## Look up published vulnerabilities of all locked packages
	@.venv/bin/python -m infra.supply_chain.audit

.PHONY: sbom
sbom: $(DEV_READY) ## Write bills of materials to build/sbom
	@.venv/bin/python -m infra.supply_chain.sbom $(if $(ENGINE),--engine $(ENGINE))

.PHONY: dist
dist: $(DEV_READY) $(LABEXTENSION_READY) ## Build wheel and sdist, and check them in an empty environment
	@.venv/bin/python -m infra.supply_chain.release

# The version to release, as in `make release VERSION=0.2.0`.
VERSION :=

.PHONY: release
release: $(DEV_READY) $(LABEXTENSION_READY) ## Prepare a release, as in make release VERSION=0.2.0
	@.venv/bin/python -m infra.supply_chain.release --version "$(VERSION)"

.PHONY: openapi
openapi: $(DEV_READY) ## Update openapi.json
	@.venv/bin/python -m chalicelib.routes.openapi

.PHONY: permissions
permissions: $(DEV_READY) ## Update docs/permissions.md
	@mkdir -p build && .venv/bin/python -m infra.permissions > build/permissions.md && mv build/permissions.md docs/permissions.md

.PHONY: access
access: $(DEV_READY) ## Update docs/access.md
	@mkdir -p build && .venv/bin/python -m infra.access > build/access.md && mv build/access.md docs/access.md

.PHONY: docs
docs: $(DOCS_READY) ## Build the documents as a site in build/docs
	@.venv-docs/bin/sphinx-build --builder dirhtml --fail-on-warning --keep-going --nitpicky --fresh-env --quiet \
		--doctree-dir build/doctrees docs build/docs

.PHONY: pictures
pictures: up browser ## Take the pictures of the documents anew
	@PICTURES=docs/users/images .venv/bin/python -m pytest -q tests/browser/test_pictures.py

.PHONY: bench
bench: $(ENVIRONMENTS) ## Measure the figures in the README
	@.venv/bin/python -m benchmarks

##### A real AWS account

.PHONY: synth
synth: $(DEV_READY) $(NODE_READY) ## Write the CloudFormation template to cdk.out
	@$(CDK) synth --quiet $(CONTEXT_OPTIONS)

# CDK context, as in `make deploy CONTEXT="stack_name=notebooks-staging settings=staging.toml"`; infra/context.py lists the keys.
CONTEXT :=
CONTEXT_OPTIONS = $(addprefix -c ,$(CONTEXT))

.PHONY: preflight
preflight: $(DEV_READY) ## Check with read-only calls that the AWS account is ready
	@.venv/bin/python -m infra.preflight $(CONTEXT_OPTIONS)

.PHONY: ecs-role
ecs-role: $(DEV_READY) ## Create the service-linked role of ECS, once per account
	@.venv/bin/python -m infra.preflight.ecs_role

# `no` skips the preflight, for users who lack its permissions.
PREFLIGHT := yes

.PHONY: deploy
deploy: $(DEV_READY) $(NODE_READY) ## Check the AWS account of your credentials, then deploy to it
	@.venv/bin/python -m infra.deploy --cdk $(CDK) $(CONTEXT_OPTIONS) $(if $(filter no,$(PREFLIGHT)),--no-preflight)

.PHONY: clean
clean: ## Stop the local cloud and remove everything that make created
	@$(PYTHON) -m local_cloud down
	@if [ -x .venv/bin/python ]; then $(IMAGE) remove 2> /dev/null || true; fi
	@rm -rf .local-cloud .venv .venv-docs .venv-runner .tools build cdk.out dist node_modules outputs .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
