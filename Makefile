# `make help` says what there is. The work is done by the scripts in stack/.

SHELL := /bin/bash
REMIT_DIR ?= .run
REMIT_PORT_BASE ?= 17000
export REMIT_DIR REMIT_PORT_BASE

.DEFAULT_GOAL := help
.PHONY: help up down status logs psql check test package chaos bench bench-quick bench-growth

help: ## Show this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  REMIT_DIR=$(REMIT_DIR)  data, logs and passwords of make up'
	@echo '  REMIT_PORT_BASE=$(REMIT_PORT_BASE)  its ports: nginx at base + 80 and, for https, + 443, the rest in stack/lib.sh'

up: ## Install what is missing, build, start all six parts on loopback, and show a transfer
	@stack/up

down: ## Stop all six parts; the data stays
	@stack/down

status: ## Say which parts run
	@stack/services status $(REMIT_DIR)

logs: ## Show the end of every log, and follow them on a terminal
	@stack/logs

psql: ## Open psql as the database's owner: make psql ARGS='-c "select …"'
	@stack/psql $(ARGS)

check: ## Check what needs no server: format, lints, dependencies, unit tests
	@stack/check

test: ## Run every check and test against servers of its own: make test ARGS='name'
	@stack/test $(ARGS)

package: ## Lay out all that a machine without the sources needs below target/package
	@stack/package

chaos: ## Break a private Remit under load and check that nothing is lost: make chaos SEED=7 SECONDS=600
	@CHAOS_SEED=$(SEED) CHAOS_SECONDS=$(SECONDS) stack/chaos $(ARGS)

bench: ## Measure Remit beside its peers, and write bench/RESULTS.md: an hour and a half
	@stack/bench $(ARGS)

bench-quick: ## The same table of targets, rougher, without growth: 5 minutes
	@stack/bench --quick $(ARGS)

bench-growth: ## How speed holds as the journal grows to 10 million rows
	@stack/bench --growth $(ARGS)
