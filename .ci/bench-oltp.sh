#!/usr/bin/env bash
# pgbench against PostgreSQL 15 and Datapunk, run alternately on one file system, fsync on:
# transactions per second, their ratio, and server CPU per transaction. SECONDS_EACH (30),
# SCALE (10), CLIENTS ("1 8 32"), MODES and SCRIPTS narrow it.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/bin/datapunk
pg=/usr/lib/postgresql/15/bin
each=${SECONDS_EACH:-30} scale=${SCALE:-10}
dir=$(mktemp -d)
chmod 755 "$dir"
as=()
if [ "$(id -u)" = 0 ]; then as=(runuser -u postgres --); chown postgres "$dir"; fi
stop() {
  "${as[@]}" "$pg/pg_ctl" -D "$dir/pg" -m immediate stop >/dev/null 2>&1 || true
  kill "$node" 2>/dev/null || true
  wait "$node" 2>/dev/null || true
  rm -rf "$dir"
}
trap stop EXIT
"${as[@]}" "$pg/initdb" -D "$dir/pg" -A trust --no-locale -E UTF8 >/dev/null
"${as[@]}" "$pg/pg_ctl" -D "$dir/pg" -w -l "$dir/pg.log" -o "-p 5491 -k $dir -c listen_addresses= -c max_connections=200" start >/dev/null
cp "$bin" "$dir/datapunk"
"${as[@]}" "$dir/datapunk" start --data "$dir/dp" --listen 127.0.0.1:5492 --socket "$dir" 2>"$dir/dp.log" &
for _ in $(seq 100); do "${as[@]}" psql -h "$dir" -p 5492 -U postgres -qAtc 'select 1' >/dev/null 2>&1 && break; sleep 0.05; done
node=$(pgrep -f "$dir/datapunk start" | tail -1)
master=$(head -1 "$dir/pg/postmaster.pid")
bench() { "${as[@]}" pgbench -h "$dir" -p "$1" -U postgres "${@:2}" postgres 2>&1; }
for port in 5491 5492; do
  echo "$([ $port = 5491 ] && echo PostgreSQL || echo Datapunk): pgbench -i -s $scale: $(bench $port -i -q -s "$scale" | tail -1)"
  bench $port -n -S -c 8 -j 2 -T 3 >/dev/null # warm
done
# CPU in clock ticks: of the node, and of the postmaster with its children, gone ones too.
ticks() { awk '{ sum += $14 + $15 + $16 + $17 } END { print sum }' "$@" 2>/dev/null; }
cpu() {
  if [ "$1" = 5492 ]; then ticks "/proc/$node/stat"; return; fi
  # shellcheck disable=SC2046
  ticks "/proc/$master/stat" $(pgrep -P "$master" | sed 's|.*|/proc/&/stat|')
}
run() { # port args → "tps µs"
  local before out
  before=$(cpu "$1")
  out=$(bench "$1" -n -j 2 -T "$each" "${@:2}")
  echo "$out" | grep -q 'number of failed transactions: 0 ' || { echo "$out" >&2; exit 1; }
  echo "$out" | awk -v used="$(($(cpu "$1") - before))" '/^number of transactions actually/ { n = $NF } /^tps/ { tps = $3 } END { printf "%.0f %.0f\n", tps, (used > 0 ? used : 0) * 10000 / n }'
}
printf '%-14s %-9s %7s %10s %10s %7s %12s\n' script mode clients PostgreSQL Datapunk ratio 'µs CPU/txn'
for script in ${SCRIPTS:-select-only simple-update tpcb-like}; do
  product=1 cells=0
  for mode in ${MODES:-simple extended prepared}; do
    for clients in ${CLIENTS:-1 8 32}; do
      read -r a ac < <(run 5491 -b "$script" -M "$mode" -c "$clients")
      read -r b bc < <(run 5492 -b "$script" -M "$mode" -c "$clients")
      ratio=$(awk "BEGIN { printf \"%.2f\", $b / $a }")
      printf '%-14s %-9s %7s %10s %10s %6s× %5s : %s\n' "$script" "$mode" "$clients" "$a" "$b" "$ratio" "$ac" "$bc"
      product=$(awk "BEGIN { print $product * $b / $a }") cells=$((cells + 1))
    done
  done
  awk "BEGIN { printf \"%-14s geometric mean %.2f×\n\", \"$script\", exp(log($product) / $cells) }"
done
for port in 5491 5492; do
  "${as[@]}" psql -h "$dir" -p $port -U postgres -qAtc "select case when (select sum(abalance) from pgbench_accounts) = (select coalesce(sum(delta), 0) from pgbench_history) then 'the books balance' else 'THE BOOKS DO NOT BALANCE' end"
done
