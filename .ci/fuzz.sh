#!/usr/bin/env bash
# Runs every fuzzer for FUZZTIME (10m), or those whose name has ONLY in it. What the three
# that read foreign bytes found worth keeping becomes part of their corpus in testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
keep='server/servertest/FuzzWire types/keycodec/FuzzKey types/rowcodec/FuzzDecode'
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
  dir=$(dirname "${file#./}")
  for name in $(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' "$file"); do
    [[ $dir/$name == *${ONLY:-}* ]] || continue
    echo "$dir $name"
    go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10m}" "./$dir" </dev/null | tail -3
    if [[ " $keep " == *" $dir/$name "* ]]; then
      mkdir -p "$dir/testdata/fuzz/$name"
      cp -n "$(go env GOCACHE)/fuzz/datapunk/$dir/$name"/* "$dir/testdata/fuzz/$name/"
    fi
  done
done
