#!/usr/bin/env bash
# Kills a node with SIGKILL at random moments under pgbench, DDL, COPY, index builds and a
# large transaction. After each kill the stopped directory is checked, and after the
# restart the books must balance, every acknowledged transaction be there, and every
# batch whole or absent.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=bin/datapunk
rounds=${ROUNDS:-10}
port=${PORT:-5499}
pgbench=$(command -v pgbench || echo /usr/lib/postgresql/15/bin/pgbench)
dir=$(mktemp -d)
trap 'kill -9 $node $loads 2>/dev/null || true; rm -rf "$dir"' EXIT
loads=
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGSSLMODE=disable
up() {
  local from
  from=$(date +%s%N)
  "$bin" start --data "$dir/data" --listen "127.0.0.1:$port" --socket "" 2>>"$dir/log" &
  node=$!
  for _ in $(seq 200); do
    psql -qAtc 'select 1' >/dev/null 2>&1 && { restart=$((($(date +%s%N) - from) / 1000000)); return; }
    sleep 0.02
  done
  echo "the node did not come up:"; tail -5 "$dir/log"; exit 1
}
one() { psql -qAtc "$1"; }
# Until the node dies: objects made, changed and dropped.
ddl() {
  for i in $(seq 100000); do
    psql -qc "create table d$i (a int primary key, b text)" -c "insert into d$i select g, 'x' || g from generate_series(1, 500) g" \
      -c "create index on d$i (b)" -c "alter table d$i add column c serial" -c "alter table d$i alter column b type varchar(20)" \
      -c "drop table d$i" || return 0
  done
}
# Batches of COPY, each with a line in a ledger, in one transaction; every one ends with
# a note of its own once it is acknowledged.
copies() {
  for i in $(seq 100000); do
    local k=$1-$i
    { echo "begin; insert into ledger values ('$k', 5000); copy bulk from stdin;"; seq 5000 | sed "s/^/$k\t/"; echo '\.'; echo "commit;"; } | psql -q -v ON_ERROR_STOP=1 || return 0
    echo "$k" >>"$dir/batches"
  done
}
# Large transactions and index builds over them.
large() {
  for i in $(seq 100000); do
    local k=$1-large$i
    psql -q -v ON_ERROR_STOP=1 -c "begin" -c "insert into ledger values ('$k', 100000)" -c "insert into bulk select '$k', g from generate_series(1, 100000) g" -c "commit" || return 0
    echo "$k" >>"$dir/batches"
    psql -qc "drop index if exists bulk_n" -c "create index bulk_n on bulk (n)" || return 0
  done
}
# Indexes made and dropped beside pgbench's writers.
beside() {
  for i in $(seq 100000); do
    psql -qc "drop index concurrently if exists beside_t" -c "create index concurrently beside_t on pgbench_tellers (tbalance)" || return 0
    [ $((i % 4)) = 1 ] || continue
    psql -qc "drop index concurrently if exists beside_a" -c "create unique index concurrently beside_a on pgbench_accounts (abalance, aid) include (bid)" || return 0
  done
}
up
"$pgbench" -iq -s 2 >/dev/null 2>&1
one "create table ledger (batch text primary key, n int); create table bulk (batch text, n int); create index on bulk (batch)"
touch "$dir/batches"
for round in $(seq "$rounds"); do
  "$pgbench" -n -c 8 -T 60 --log --log-prefix="$dir/r$round" >/dev/null 2>&1 & loads=$!
  ddl >/dev/null 2>&1 & loads="$loads $!"
  copies "$round" >/dev/null 2>&1 & loads="$loads $!"
  large "$round" >/dev/null 2>&1 & loads="$loads $!"
  beside >/dev/null 2>&1 & loads="$loads $!"
  sleep "$((1 + RANDOM % 2)).$((RANDOM % 100))"
  kill -9 $node; wait $node 2>/dev/null || true
  wait $loads 2>/dev/null || true
  "$bin" check "$dir/data" >"$dir/check" 2>&1 || { echo "round $round: the directory is not sound:"; head -20 "$dir/check"; exit 1; }
  acknowledged=$(cat "$dir"/r*  2>/dev/null | wc -l)
  up
  read -r a b t h n < <(psql -qAtF' ' -c "select (select sum(abalance) from pgbench_accounts), (select sum(bbalance) from pgbench_branches), (select sum(tbalance) from pgbench_tellers), (select sum(delta) from pgbench_history), (select count(*) from pgbench_history)")
  [ "$a" = "$b" ] && [ "$a" = "$t" ] && [ "$a" = "$h" ] || { echo "the books do not balance: $a $b $t $h"; exit 1; }
  [ "$n" -ge "$acknowledged" ] || { echo "acknowledged transactions are lost"; exit 1; }
  broken=$(one "select count(*) from (select batch, count(*) as c from bulk group by batch) b full join ledger l using (batch) where c is distinct from l.n")
  [ "$broken" = 0 ] || { echo "$broken batches are half there"; exit 1; }
  lost=$(one "select batch from ledger" | sort | comm -13 - <(sort "$dir/batches") | wc -l)
  [ "$lost" = 0 ] || { echo "$lost acknowledged batches are lost"; exit 1; }
  echo "round $round: $n transactions ($acknowledged acknowledged), $(one 'select count(*) from ledger') batches, balance $a, up in $restart ms"
  one "truncate bulk, ledger; $(one "select 'drop table ' || quote_ident(relname) || ';' from pg_class where relname ~ '^d[0-9]+$' and relkind = 'r'" | tr '\n' ' ')"
  : >"$dir/batches"
done
