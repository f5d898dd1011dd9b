#!/usr/bin/env bash
# Kills a node with SIGKILL at random moments under pgbench, and after each restart
# checks that the books balance and that no acknowledged transaction is lost.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=bin/datapunk
rounds=${ROUNDS:-10}
port=${PORT:-5499}
pgbench=$(command -v pgbench || echo /usr/lib/postgresql/15/bin/pgbench)
dir=$(mktemp -d)
trap 'kill -9 $node 2>/dev/null || true; rm -rf "$dir"' EXIT
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres
up() {
  "$bin" start --data "$dir/data" --listen "127.0.0.1:$port" --socket "" 2>>"$dir/log" &
  node=$!
  for _ in $(seq 100); do psql -qAtc 'select 1' >/dev/null 2>&1 && return; sleep 0.05; done
  echo "the node did not come up:"; tail -5 "$dir/log"; exit 1
}
up
"$pgbench" -iq -s 2 >/dev/null 2>&1
for round in $(seq "$rounds"); do
  "$pgbench" -n -c 8 -T 30 --log --log-prefix="$dir/r$round" >/dev/null 2>&1 &
  load=$!
  sleep "1.$((RANDOM % 100))"
  kill -9 $node; wait $node 2>/dev/null || true
  wait $load 2>/dev/null || true
  acknowledged=$(cat "$dir"/r*  2>/dev/null | wc -l)
  up
  read -r a b t h n < <(psql -qAtF' ' -c "select (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches), (select sum(tbalance) from pgbench_tellers), (select sum(delta) from pgbench_history), (select count(*) from pgbench_history)")
  echo "round $round: $n transactions, $acknowledged acknowledged, balance $a"
  [ "$a" = "$b" ] && [ "$a" = "$t" ] && [ "$a" = "$h" ] || { echo "the books do not balance: $a $b $t $h"; exit 1; }
  [ "$n" -ge "$acknowledged" ] || { echo "acknowledged transactions are lost"; exit 1; }
done
