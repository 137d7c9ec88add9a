# The README's two commands are `make run` and `make test`.
.DEFAULT_GOAL := build
DEMO := demo-data
# Every target builds with the pinned toolchain; see scripts/setup.sh.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: setup build run test lint bench-planning

setup:
	@scripts/setup.sh

build: setup
	cargo build --release --locked -p wanjia

run: build
	@test -e $(DEMO) || target/release/wanjia demo --data $(DEMO)
	@target/release/wanjia verify --data $(DEMO)
	@echo "The territory is in $(DEMO). 演示数据在 $(DEMO)。"

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

test: setup
	cargo test --workspace --locked
	cd web && npm install --no-audit --no-fund && npm test

# The planners at four sizes, beside OR-tools and METIS. Made-up problems stay in target/bench-planning.
bench-planning: build
	test -d .venv-planning || python3 -m venv .venv-planning
	.venv-planning/bin/pip install -q numpy scipy ortools pymetis
	.venv-planning/bin/python bench/planning/run.py target/release/wanjia target/bench-planning $(PLANNING)
