#!/bin/sh
# Installs on Debian what building and testing need and the machine does not have. With `bench`, also what the peers of
# the benches need.
set -eu
want="1.95"

need=""
command -v cc >/dev/null 2>&1 || need="$need build-essential"
command -v git >/dev/null 2>&1 || need="$need git"
command -v node >/dev/null 2>&1 || need="$need nodejs npm"
# The pages are tried in a real browser.
command -v chromium >/dev/null 2>&1 || need="$need chromium"
command -v rustc >/dev/null 2>&1 || command -v rustup >/dev/null 2>&1 || need="$need rustup"
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || need="$need fonts-noto-cjk"
[ "${1:-}" != bench ] || python3 -c 'import ensurepip, venv' 2>/dev/null || need="$need python3 python3-venv"
if [ -n "$need" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root apt-get update
    # shellcheck disable=SC2086
    $as_root apt-get install -y --no-install-recommends $need
fi

have=$(rustc --version 2>/dev/null | cut -d' ' -f2 || true)
case "$have" in
    "$want".*) ;;
    *)
        if command -v rustup >/dev/null 2>&1; then
            rustup toolchain install "$want" --profile minimal --component clippy,rustfmt
            rustup override set "$want"
        else
            echo "wanjia needs Rust $want; install rustup from your distribution or https://rustup.rs and run again" >&2
            exit 1
        fi
        ;;
esac

# The test run lints; a toolchain from elsewhere may come without these two.
if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
    rustup component add clippy rustfmt
fi

node_major=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
if [ "${node_major:-0}" -lt 20 ]; then
    echo "wanjia needs Node 20 or later to build its pages, found $(node --version 2>/dev/null || echo none);" \
        "Debian 13 has it, on Debian 12 install it from https://nodejs.org and run again" >&2
    exit 1
fi
