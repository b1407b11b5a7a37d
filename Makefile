# transfer: what a developer or operator runs. `make help` explains each target.

LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
# Tests are built as the product is, static and without this machine's paths, so that no
# package is compiled twice.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath $(GOFLAGS)
# Tests wait for most of their time: more run at once than there are cores, the package
# that takes longest first.
ATONCE := -p 3 -parallel 8
FUZZTIME ?= 5m
FUZZ ?= .
LONGEST := transfer/sender
UNIT = $(LONGEST) $(filter-out $(LONGEST),$(shell go list ./... | grep -v /transfer/e2e))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## make the static binary bin/transfer
	go build -buildvcs=false -ldflags '-s -w -X transfer/g.commit=$(COMMIT)' -o bin/transfer ./transfer

run: build ## build, then show the relay at work on this machine's own figures
	bin/transfer demo

cluster: build ## build, then show three relays that share a Redis (needs redis-server)
	bin/transfer demo --relays 3

test: ## install what the tests need (as root on Debian) and run them
	@.ci/install
	go test $(ATONCE) -timeout 20m $(UNIT)

race: ## run the tests under the race detector
	CGO_ENABLED=1 go test -race $(ATONCE) -timeout 20m $(UNIT)

lint: $(LINT) ## check style, mistakes and the direction of imports
	$(LINT) run ./...

fuzz: ## fuzz every decoder for FUZZTIME each (5m); FUZZ=regexp chooses
	.ci/fuzz $(FUZZTIME) '$(FUZZ)'

bench: build ## measure the relay as a whole; BENCHFLAGS='--rows path --runs 1' chooses
	bin/transfer bench $(BENCHFLAGS)

bench-steps: ## measure the steps of a point's way, with their allocations
	go test -run '^$$' -bench . -benchmem $(UNIT)

e2e: build ## run the real binary between real clients and backends
	go test -count=1 -timeout 10m ./transfer/e2e

faults: ## break what can break around the relay (10 minutes; as root, so that disks can be full); FAULTSFLAGS='-run Killed' chooses
	FAULTS=full go test -count=1 -timeout 30m -v $(FAULTSFLAGS) ./transfer/faults

changes: ## change the cluster and the program while points flow (15 minutes); CHANGESFLAGS='-run Upgrade' chooses
	CHANGES=full go test -count=1 -timeout 30m -v $(CHANGESFLAGS) ./transfer/changes

several: ## break and change what several relays share over Redis (20 minutes); SEVERALFLAGS='-run Redis' chooses
	@.ci/install
	SEVERAL=full go test -count=1 -timeout 40m -v $(SEVERALFLAGS) ./transfer/several

check: test race lint e2e ## all of the above that CI runs

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $(LINT)

.PHONY: help build run cluster test race lint fuzz bench bench-steps e2e faults changes several check
.DEFAULT_GOAL := help
