# The README's two commands are `make run` and `make test`.
.DEFAULT_GOAL := build
DEMO := demo-data
# Every target builds with the pinned toolchain; see scripts/setup.sh.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: setup build run test lint

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
	cd web && npm ci --no-audit --no-fund && npm test
