#!/usr/bin/env bash
# Runs testdata/logic against a scratch PostgreSQL 15; installs Debian's server where
# it is missing, without making a cluster.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=/usr/lib/postgresql/15/bin
if [ ! -x $bin/postgres ]; then
  mkdir -p /etc/postgresql-common
  grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
  apt-get update -q && apt-get install -qy postgresql-15
fi
dir=$(mktemp -d)
port=${ORACLE_PORT:-6599}
as=""
if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as="su postgres -c"; else as="sh -c"; fi
$as "$bin/initdb -D $dir/data -U postgres -E UTF8 --locale=C --lc-ctype=C.UTF-8 -A trust >/dev/null"
$as "$bin/pg_ctl -D $dir/data -o '-p $port -k $dir -c listen_addresses=127.0.0.1' -l $dir/log -w start >/dev/null"
trap '$as "$bin/pg_ctl -D $dir/data -m immediate stop >/dev/null"; rm -rf "$dir"' EXIT
url="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
go test ./server/servertest -count=1 -run TestLogic -args -oracle "$url"
go test ./server/servertest -count=1 -run TestLogic
