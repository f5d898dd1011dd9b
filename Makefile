# Datapunk: make alone prints this help.

GO ?= go
BIN := bin/datapunk

.PHONY: help build demo test check oracle race crash fuzz bench bench-oltp clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/datapunk (needs Go and a C compiler; the first build compiles PostgreSQL's grammar)
	@command -v $${CC:-cc} >/dev/null || { echo "a C compiler is needed: apt-get install gcc libc6-dev"; exit 1; }
	$(GO) build -o $(BIN) ./cmd/datapunk

demo: build ## start a node on a scratch directory with a sample table, and serve until interrupted
	@testdata/demo/demo.sh $(BIN)

test: ## run all tests, and say how often they went the rare ways
	$(GO) test ./...
	@$(GO) test -v -run 'Test(LogicSpilled|LockRecheck)$$' ./server/servertest | grep -oE '(statements|spilled|overtaken): .*'
	@$(GO) test -v -short -run 'TestAgainstModel$$' ./kv/txn | grep -o 'splits: .*'

race: ## run all tests under the race detector
	$(GO) test -race ./...

check: ## vet, staticcheck, format, module tidiness and the package lattice
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) mod tidy -diff
	$(GO) test -count=1 ./internal/deps ./internal/tidy

oracle: build ## run testdata/logic against a scratch PostgreSQL 15 too; any difference fails
	@.ci/oracle.sh

bench: ## Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-oltp: build ## pgbench against PostgreSQL 15 and Datapunk, interleaved: ratios, and server CPU per transaction
	@.ci/bench-oltp.sh

crash: build ## kill -9 under pgbench, DDL, COPY and large transactions, ROUNDS times (10); nothing acknowledged may be lost
	@.ci/crash.sh

fuzz: ## every fuzzer for FUZZTIME (10m) each: wire, key and row codecs, types' text, regular expressions; ONLY=name for some
	@.ci/fuzz.sh

clean: ## remove what was built
	rm -rf bin
