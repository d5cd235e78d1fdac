# Each target is one line of `make help`. What is built outside the repository is cached in
# ~/.cache/kubectl-release (KUBECTL_RELEASE_CACHE moves it).

SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
PLUGINS := -p kubectl-bluegreen -p kubectl-ecr-rollback
LAB := $(TARGET)/debug/lab
DENY := $(or $(KUBECTL_RELEASE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubectl-release)/cargo-deny-0.20.2
# Tests wait for the cluster most of the time: more of them than cores run at once.
THREADS ?= 8
export RUST_BACKTRACE ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench bench-peers lab lab-down verify install

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(LAB) ## Switch a Service under real traffic on a local Kubernetes (first run builds it, ~20 min)
	cargo build --release -p kubectl-bluegreen
	cargo build -p demo
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/debug/demo

test: $(LAB) ## Pass all tests: unit tests, then end to end on the lab
	cargo test -p kubectl-release -p kubectl-bluegreen -p kubectl-ecr-rollback
	cargo test -p lab --lib --bins
	cargo test -p lab -p e2e --no-run
	@tests/on-lab $(LAB) cargo test -p lab -p e2e --tests --offline --no-fail-fast -- --test-threads=$(THREADS)

soak: $(LAB) ## 500 switches under load, about 15 minutes
	cargo build --release -p kubectl-bluegreen -p bench
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench soak

bench: $(LAB) ## Compare with kubectl and the AWS CLI, side by side in one run
	cargo build --release -p kubectl-bluegreen -p bench
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench main
	$(TARGET)/release/bench registry

bench-peers: $(LAB) ## Compare with Argo Rollouts in the same lab (first run builds it)
	cargo build --release -p kubectl-bluegreen -p bench
	$(LAB) build --peers
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench peers

lab: $(LAB) ## Start a Kubernetes to play with; prints how to use it
	cargo build $(PLUGINS)
	@$(LAB) up
	@echo 'export PATH=$(TARGET)/debug:$(CURDIR)/completions:$$PATH'

lab-down: $(LAB) ## End what `make lab` started
	@$(LAB) down

verify: $(DENY)/bin/cargo-deny ## Formatting, lints, licences and bans
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(DENY)/bin/cargo-deny check bans licenses sources

install: ## Install the plugins and their completion into ~/.local/bin
	cargo build --release $(PLUGINS)
	for name in bluegreen ecr_rollback; do \
	  install -D -m 755 $(TARGET)/release/kubectl-$$name $(HOME)/.local/bin/kubectl-$$name && \
	  install -D -m 755 completions/kubectl_complete-$$name $(HOME)/.local/bin/kubectl_complete-$$name || exit 1; \
	done

# Cargo knows best whether it is up to date.
.PHONY: $(LAB)
$(LAB):
	cargo build -p lab $(PLUGINS)

$(DENY)/bin/cargo-deny:
	cargo install cargo-deny@0.20.2 --locked --root $(DENY)
