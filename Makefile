# The one script runner. Every target installs and builds what it needs; Node >= 20.19, npm and make are all it takes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := node_modules/.bin
CASES ?=
PLANS ?=
SOURCES := $(shell find src -name '*.ts' -not -path 'src/runtime/*') src/runtime/abi.ts
RUNTIME_SOURCES := $(shell find src/runtime -name '*.ts') scripts/build-runtime.mjs

.PHONY: help install build check test demo conformance interop interop-whole interop-repository bench differential differential-builtins differential-queries differential-tools differential-mutants builtins-reference faults clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

install: node_modules/.package-lock.json ## Install the locked dependencies

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

build: dist/.stamp ## Compile the runtime and the TypeScript to dist/

dist/runtime.wasm: $(RUNTIME_SOURCES) | node_modules/.package-lock.json
	node scripts/build-runtime.mjs

dist/.stamp: node_modules/.package-lock.json dist/runtime.wasm $(SOURCES) tsconfig.json package.json scripts/build-dist.mjs
	$(BIN)/tsc -p tsconfig.json
	node scripts/build-dist.mjs
	@chmod +x dist/cli/main.js
	@touch $@

check: build ## Types, lint, house rules, package
	$(BIN)/tsc -p tsconfig.test.json
	$(BIN)/biome check --error-on-warnings .
	node scripts/check-house.mjs
	node scripts/check-package.mjs

test: build ## All tests that need nothing but Node
	$(BIN)/vitest run --exclude 'test/interop/**'

interop: build ## Tests against the real opa, where it is on the PATH
	$(BIN)/vitest run test/interop

interop-whole: build ## eval, test, check, fmt, parse, inspect beside the real opa on rego/, bundles/ and all of CASES=...
	@$(BIN)/esbuild test/interop/whole.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/interop/whole.js
	@node build/interop/whole.js $(if $(CASES),$(CASES),test/conformance/cases) $(if $(ONLY),--only $(ONLY))

interop-repository: build ## check, fmt, inspect, test beside the real opa on a folder of yours: REPO=... FLAGS=--v0-compatible
	@$(BIN)/esbuild test/interop/repository.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/interop/repository.js
	@node build/interop/repository.js $(REPO) $(FLAGS)

demo: build ## The whole loop with real parts, step by step
	@node dist/demo/main.js

conformance: build ## OPA's cases: ours, or a folder given as CASES=...; with PLANS=... OPA's own plans of them, too
	@$(BIN)/esbuild test/conformance/run.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/conformance/run.js
	@echo "in opa-wasm, unmodified:"
	@node build/conformance/run.js --host opa-wasm --runtime dist/runtime.wasm $(if $(CASES),$(CASES),test/conformance/cases)
	@echo "in our engine:"
	@node build/conformance/run.js --runtime dist/runtime.wasm $(if $(CASES),$(CASES),test/conformance/cases)
	@$(if $(PLANS),echo "OPA's own plans on our emitter and engine:"; \
		node build/conformance/run.js --runtime dist/runtime.wasm --plans $(PLANS) $(CASES))

bench: build ## Against other engines: goals and tables. TABLES="scans rules", REPORT=docs/performance.md, JSON=file
	@$(BIN)/esbuild test/bench/run.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/bench/run.js
	@node build/bench/run.js $(foreach table,$(TABLES),--table $(table)) $(if $(REPORT),--report $(REPORT)) \
		$(if $(JSON),--json $(JSON))

faults: build ## Planted faults: each searched for from nothing, 30 s at most
	@$(BIN)/esbuild test/e2e/prove/faults.run.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/faults.js
	@node build/faults.js

TIME ?= 60
SEED ?= 1
RUNS ?= 1000000
MUTANTS ?= 2000
INPUTS ?= 16

differential: build ## Drawn modules on the real opa and on ours: TIME=60 SEED=1 RUNS=... INPUTS=16
	@$(BIN)/esbuild test/differential/run.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/differential/run.js
	@node build/differential/run.js --runtime dist/runtime.wasm --time $(TIME) --seed $(SEED) --runs $(RUNS) \
		--inputs $(INPUTS) --shrink

CALLS ?= 50

differential-builtins: build ## Drawn calls of every builtin on the real opa and on ours: CALLS=50 SEED=1 ONLY=regex
	@$(BIN)/esbuild test/differential/builtins/run.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/differential/builtins.js
	@node build/differential/builtins.js --calls $(CALLS) --seed $(SEED) $(if $(ONLY),--only '$(ONLY)')

differential-queries: build ## Drawn queries over drawn modules on the real opa and on ours: SEED=1 TIME=60
	@$(BIN)/esbuild test/differential/queries.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/differential/queries.js
	@cp dist/runtime.wasm build/differential/
	@node build/differential/queries.js --seed $(SEED) --time $(TIME)

differential-tools: build ## check, parse and fmt of drawn and broken modules on the real opa and on ours: SEED=1 MUTANTS=2000
	@$(BIN)/esbuild test/differential/tools.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/differential/tools.js
	@node build/differential/tools.js --seed $(SEED) --mutants $(MUTANTS)

differential-mutants: build ## Mutants of rego/ evaluated with its tests on the real opa and on ours: SEED=1 MUTANTS=100 TIME=600
	@$(BIN)/esbuild test/differential/mutants.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/differential/mutants.js
	@node build/differential/mutants.js --seed $(SEED) --mutants $(MUTANTS) --time $(TIME)

builtins-reference: build ## Write docs/builtins-reference.md anew
	@$(BIN)/esbuild src/builtins/reference.ts --bundle --platform=node --format=esm --packages=external \
		--log-level=warning --outfile=build/builtin-reference.js
	@node scripts/builtin-reference.mjs

clean: ## Remove everything built
	rm -rf dist build coverage
