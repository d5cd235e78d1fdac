# Each target is one line of `make help`. What is built outside the repository is cached in
# ~/.cache/kubectl-release (KUBECTL_RELEASE_CACHE moves it).

SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
CACHE := $(or $(KUBECTL_RELEASE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kubectl-release)
DENY := $(CACHE)/cargo-deny-0.20.2
MACHETE := $(CACHE)/cargo-machete-0.9.2
LAB := $(TARGET)/debug/lab
PLUGINS := --bin kubectl-bluegreen --bin kubectl-canary --bin kubectl-ecr_rollback
# Optimised, as thousands of releases are judged.
SIMULATE := cargo test --locked --profile simulate -p simulation --test promise
# All of the workspace is selected in each call, so that every dependency has one set of features
# and is compiled once.
# What is built is what was reviewed: Cargo.lock decides.
BUILD := cargo build --workspace --locked
# Test programs that need the lab; those of tests/house don't.
ON_LAB := --test api_proxy --test kubelet --test monitoring --test registry --test routers --test traffic \
  --test bluegreen --test bluegreen_states --test bluegreen_traffic --test canary --test canary_traffic \
  --test ecr --test ecr_traffic
# Tests wait for the cluster most of the time: more of them than cores run at once.
THREADS ?= 8
export RUST_BACKTRACE ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo test test-release simulate soak soak-states bench bench-versions bench-peers lab lab-down verify advisories notices archive install built

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

demo: built ## Whole releases under real traffic on a local Kubernetes, 40 s (first run builds it, ~15 min)
	$(LAB) run -- $(TARGET)/debug/demo

test: built ## Pass all tests: unit tests, then end to end on the lab (first run builds istiod and others, ~10 min)
	@$(LAB) build --addons > /dev/null
	cargo test --locked --workspace --lib --bins --test shape --test argo
	$(SIMULATE)
	cargo test --locked --workspace $(ON_LAB) --no-run
	@tests/on-lab $(LAB) cargo test --locked --workspace $(ON_LAB) --offline --no-fail-fast -- --test-threads=$(THREADS)

test-release: built ## The end-to-end tests on release builds, as they are handed out
	$(BUILD) --release $(PLUGINS)
	LAB_PLUGINS=$(TARGET)/release tests/on-lab $(LAB) cargo test --locked --workspace --test bluegreen --test canary --test ecr --offline \
	  --no-fail-fast -- --test-threads=$(THREADS)

simulate: ## What the canary's comparison promises, on 4,000 releases a setting, some minutes
	SIMULATED_RELEASES=4000 $(SIMULATE) -- --nocapture

soak: $(LAB) ## 100 releases and 500 switches under load, about 30 minutes
	$(BUILD) --release --bin kubectl-bluegreen --bin bench
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench releases
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench soak

soak-states: built ## 5,000 moves in random states while things go wrong, about an hour
	STATES_RUNS=$(or $(STATES_RUNS),5000) tests/on-lab $(LAB) cargo test --locked --workspace --test bluegreen_states --offline -- --nocapture

bench: $(LAB) ## Compare with kubectl and the AWS CLI, side by side in one run
	$(BUILD) --release --bin kubectl-bluegreen --bin bench
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench main
	$(TARGET)/release/bench registry
	cargo run --locked --profile simulate -p simulation

bench-versions: $(LAB) ## Compare with another build: OTHER=folder of its release programs
	$(BUILD) --release $(PLUGINS) --bin bench
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench versions $(OTHER)

bench-peers: $(LAB) ## Compare with Argo Rollouts in the same lab (first run builds it)
	$(BUILD) --release --bin kubectl-bluegreen --bin bench
	$(LAB) build --peers
	LAB_PLUGINS=$(TARGET)/release $(LAB) run -- $(TARGET)/release/bench peers

lab: $(LAB) ## Start a Kubernetes to play with; prints how to use it
	$(BUILD) $(PLUGINS)
	@$(LAB) up
	@echo 'export PATH=$(TARGET)/debug:$(CURDIR)/completions:$$PATH'

lab-down: $(LAB) ## End what `make lab` started
	@$(LAB) down

verify: $(DENY)/bin/cargo-deny $(MACHETE)/bin/cargo-machete ## Formatting, lints, shape of the sources, licences, unused dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --test shape
	$(DENY)/bin/cargo-deny check bans licenses sources
	$(MACHETE)/bin/cargo-machete

advisories: $(DENY)/bin/cargo-deny ## Known faults of what we depend on; downloads the RustSec database
	$(DENY)/bin/cargo-deny check advisories

notices: ## Licences of everything that is in our programs, for archives: THIRD-PARTY-NOTICES in the target folder
	cargo run --locked --workspace --bin notices > $(TARGET)/THIRD-PARTY-NOTICES

archive: notices ## What is handed out: programs, completion, licence and notices, and its checksum, in the target folder
	$(BUILD) --release $(PLUGINS)
	rm -rf $(TARGET)/archive && mkdir -p $(TARGET)/archive
	cp $(TARGET)/release/kubectl-{bluegreen,canary,ecr_rollback} completions/kubectl_complete-* \
	  LICENSE SECURITY.md $(TARGET)/THIRD-PARTY-NOTICES $(TARGET)/archive
	tar -C $(TARGET)/archive --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct) \
	  -czf $(TARGET)/kubectl-release-$$(uname -m).tar.gz .
	cd $(TARGET) && sha256sum kubectl-release-$$(uname -m).tar.gz | tee kubectl-release-$$(uname -m).tar.gz.sha256

install: ## Install the plugins and their completion into ~/.local/bin
	$(BUILD) --release $(PLUGINS)
	for name in bluegreen canary ecr_rollback; do \
	  install -D -m 755 $(TARGET)/release/kubectl-$$name $(HOME)/.local/bin/kubectl-$$name && \
	  install -D -m 755 completions/kubectl_complete-$$name $(HOME)/.local/bin/kubectl_complete-$$name || exit 1; \
	done

# The lab's Kubernetes builds beside the Rust code, which waits for it in the end.
built: $(LAB)
	@tests/beside "$(LAB) build" "$(BUILD) --bins"

# Cargo knows best whether it is up to date.
.PHONY: $(LAB)
$(LAB):
	$(BUILD) --bin lab

$(DENY)/bin/cargo-deny:
	cargo install cargo-deny@0.20.2 --locked --root $(DENY)

$(MACHETE)/bin/cargo-machete:
	cargo install cargo-machete@0.9.2 --locked --root $(MACHETE)
