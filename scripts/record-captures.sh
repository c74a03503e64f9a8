#!/usr/bin/env bash
# Records what real servers send: installs each server of scripts/record-captures/, in its pinned
# versions, into a temporary directory, runs it on loopback and writes the body of one response to
# tests/data/captures/<name>.stream.
# Usage: [PORT=8123] scripts/record-captures.sh [name...]     without a name: all of them
# Needs curl, and for each server its tools: python3, node with npm, or cargo.
set -euo pipefail
cd "$(dirname "$0")/.."
servers=$PWD/scripts/record-captures
captures=$PWD/tests/data/captures
work=$(mktemp -d)
export PORT=${PORT:-8123}
server= # process ID while one runs
trap 'stop; rm -rf "$work"' EXIT

record() {
    local name=$1 request=()
    cp -r "$servers/$name" "$work" && cd "$work/$name"
    prepare "$name" >prepare.log 2>&1 || fail "$name cannot be installed" prepare.log
    if [ -f request.json ]; then
        request=(--data @request.json -H 'Content-Type: application/json'
            -H 'Accept: application/json, text/event-stream'
            -H 'MCP-Protocol-Version: 2025-11-25')
    fi

    ! curl -s -o /dev/null "http://127.0.0.1:$PORT/" || fail "port $PORT is taken"
    "${run[@]}" >server.log 2>&1 &
    server=$!
    # curl removes HTTP's chunked coding: the file has only the bytes of the body, as they came.
    curl -sSN --fail --max-time 30 --retry 60 --retry-delay 1 --retry-connrefused \
        -D headers -o body "${request[@]}" "http://127.0.0.1:$PORT/" 2>curl.log ||
        fail "$name does not answer" server.log curl.log
    stop
    grep -qi '^content-type: *text/event-stream' headers || fail "$name sends no event stream" headers body
    cp body "$captures/$name.stream"
    echo "$name: $(wc -c <body) bytes, $(grep -i '^content-type' headers)"
}

# Installs the server in the current directory; leaves in `run` the command that starts it.
prepare() {
    if [ -f requirements.txt ]; then
        python3 -m venv .venv
        .venv/bin/pip install -r requirements.txt
        run=(.venv/bin/python server.py)
    elif [ -f package.json ]; then
        npm ci
        run=(node server.mjs)
    else
        cargo build --locked --target-dir "$work/target"
        run=("$work/target/debug/capture-$1")
    fi
}

stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || true
        server=
    fi
}

fail() {
    echo "$1" >&2
    shift
    [ $# = 0 ] || cat "$@" >&2
    exit 1
}

[ $# -gt 0 ] || set -- $(ls "$servers")
for name; do
    record "$name"
done
