#!/usr/bin/env bash
# Starts a node on a scratch directory, makes a few related tables with generated
# rows, shows some queries, and serves until interrupted.
set -euo pipefail
bin=$1
port=${PORT:-5433}
dir=$(mktemp -d)
"$bin" start --data "$dir" --listen "127.0.0.1:$port" --socket "" &
node=$!
trap 'kill $node 2>/dev/null; wait $node 2>/dev/null; rm -rf "$dir"' EXIT
url="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
command -v psql >/dev/null || { echo "psql is needed for the demo: apt-get install postgresql-client"; exit 1; }
for _ in $(seq 50); do psql -qAt "$url" -c 'select 1' >/dev/null 2>&1 && break; sleep 0.1; done
psql -X "$url" -f "$(dirname "$0")/demo.sql"
echo
echo "Datapunk serves $url"
echo "  psql '$url'"
echo "Interrupt (Ctrl-C) to stop; the scratch directory goes with it."
wait $node
