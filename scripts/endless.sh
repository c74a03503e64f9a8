#!/usr/bin/env bash
# Feeds the decoder endless lines of this many MiB, and a block of a ninth of that in empty data
# lines, and counts the memory that it takes. `cargo test` does the same with 64 MiB.
# Usage: scripts/endless.sh [MiB]     without a number: 16 GiB
set -euo pipefail
cd "$(dirname "$0")/.."
SSE_WIRE_ENDLESS_MIB=${1:-16384} cargo test --release --test allocations endless
