# The README's two commands are `make run` and `make test`.
.DEFAULT_GOAL := build
DEMO := demo-data
# Where `make run` serves it; port 0 takes any free one.
LISTEN := 127.0.0.1:8420
# Every target builds with the pinned toolchain; see scripts/setup.sh.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: setup peers build pages run test lint gen fuzz xforms bench bench-linkage bench-planning bench-programme bench-runs bench-screens screens guide

setup:
	@scripts/setup.sh

peers:
	@scripts/setup.sh bench

# The program carries the pages, so they are built first.
build: setup pages
	cargo build --release --locked -p wanjia

# What is built last stands for all; a program whose pages did not change is not built anew.
PAGES := web/dist/home/index.html
pages: $(PAGES)
$(PAGES): $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*')
	cd web && npm ci --no-audit --no-fund && npm run build

# A running territory: made if it is not there, proved, and served with phones at work.
run: build
	@test -e $(DEMO) || target/release/wanjia demo --data $(DEMO)
	@target/release/wanjia verify --data $(DEMO)
	@target/release/wanjia demo --data $(DEMO) --serve --listen $(LISTEN)

# The contracts that are committed and compared in the test run.
gen: setup
	cargo run -q --locked -p wanjia -- openapi > docs/openapi.json

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# The pages first: the program carries them, and the browser's tests drive the program.
test: setup lint
	cd web && npm ci --no-audit --no-fund && npm test
	cargo test --workspace --locked
	@$(MAKE) --no-print-directory bench-runs
	cd e2e && npm ci --no-audit --no-fund && npm test

# Damaged files and facts, for longer than the tests look.
fuzz: setup
	PROPTEST_CASES=$${CASES:-20000} cargo test --release --locked -p intake -p domain -p ledger -p linkage -p programme --tests

# The packs' XForms beside pyxform's, which is installed for it; make test compares with what it made of three forms.
xforms: setup peers
	@test -e .venv-pyxform/bin/pyxform-is-there || { python3 -m venv .venv-pyxform && .venv-pyxform/bin/pip install -q pyxform==4.5.0 && touch .venv-pyxform/bin/pyxform-is-there; }
	PYXFORM_PYTHON=$(CURDIR)/.venv-pyxform/bin/python cargo test --locked -p programme --test xforms -- --include-ignored

# make bench BENCH="--people 10000,100000 --seconds 5" for a small one; see docs/BENCHMARKS.md.
BENCH :=
# The rehearsal before it: what is fast must also be right. After it the rules, the cases and the forms of the programmes.
DRILL := --people 200000 --communities 140 --phones 500 --hours 72
bench: setup
	cargo build --release --locked -p wanjia --bin wanjia --example bench
	cargo build --release --locked -p store --example yardstick
	target/release/wanjia drill $(DRILL)
	target/release/examples/bench --program target/release/wanjia --yardstick target/release/examples/yardstick $(BENCH)
	@$(MAKE) --no-print-directory bench-programme

# Linkage beside Splink 4 and recordlinkage, which are installed for it; LINKAGE changes what is measured, as in
# make bench-linkage LINKAGE="--sizes 10k --side-by-side 10k --lookup 10k --runs 1"
LINKAGE := --febrl
bench-linkage: build peers
	cargo build --release --locked -p linkage --examples
	@test -e .venv-linkage/bin/splink-is-there || { python3 -m venv .venv-linkage && .venv-linkage/bin/pip install -q -r bench/linkage/requirements.txt && touch .venv-linkage/bin/splink-is-there; }
	@.venv-linkage/bin/python bench/linkage/run.py $(LINKAGE)

# The planners at four sizes, beside OR-tools, METIS and vrp-pragmatic. Made-up problems stay in target/bench-planning; PLANNING=--small
# leaves out the largest.
PLANNING :=
bench-planning: build peers
	@test -e .venv-planning/bin/python || python3 -m venv .venv-planning
	@.venv-planning/bin/pip install -q numpy scipy ortools pymetis vrp-cli
	@.venv-planning/bin/python bench/planning/run.py target/release/wanjia target/bench-planning $(PLANNING)

# All rules of both packs over made-up households, and one new fact, beside the income rule written by hand. Then a day's
# escalation and lists of tasks, beside the bare index; what it writes is some gigabytes in target/bench-due. Last, forms
# as ODK clients submit them, beside the same ones as phones' pushes.
HOUSEHOLDS := 1000000
CASES := 1000000
TASKS := 10000000
bench-programme: setup
	cargo build --release --locked -p programme --example judge
	cargo build --release --locked -p store --example due
	cargo build --release --locked -p wanjia --example submissions
	@target/release/examples/judge --households $(HOUSEHOLDS)
	@rm -rf target/bench-due target/bench-due.* && target/release/examples/due --cases $(CASES) --tasks $(TASKS) target/bench-due
	@rm -rf target/bench-due target/bench-due.*
	@target/release/examples/submissions

# That make bench-programme runs at all, with a handful of everything: its times say nothing.
bench-runs:
	@cargo run -q --locked -p programme --example judge -- --households 200
	@rm -rf target/bench-runs && cargo run -q --locked -p store --example due -- --cases 200 --tasks 2000 target/bench-runs
	@rm -rf target/bench-runs
	@cargo run -q --locked -p wanjia --example submissions -- --doors 20 --seconds 1 --bar 1

# How the screens feel, in Chromium on the real program, beside a bare Vue list; RUNS changes how often each is measured.
RUNS := 7
bench-screens: build
	cd e2e && npm ci --no-audit --no-fund && WANJIA_BINARY=$(CURDIR)/target/release/wanjia node bench.mjs --runs $(RUNS)

# The pictures of docs/guide, from the demonstration.
guide: setup
	cd web && npm ci --no-audit --no-fund && npm run build
	cargo build --locked -p wanjia
	cd e2e && npm ci --no-audit --no-fund && node guide.mjs

# Pictures of every screen in each size, language and contrast, into the ignored folder screens: look before and after a
# change. screens.mjs shows a mock, whose states have levers; walk.mjs the demonstration on the real server, states.mjs what
# it does not come into (nothing, waiting, failing, very many, very long), and both judge.
# make screens WALK="phone en elder" walks a part of it.
WALK :=
screens: setup
	cd web && npm ci --no-audit --no-fund && npm run build
	cargo build --locked -p wanjia
	cd e2e && npm ci --no-audit --no-fund && npm run screens && node walk.mjs $(WALK) && node states.mjs $(WALK)
