# What one can ask of this project. `make` alone prints this list.
# The work itself is done by the scripts in .make/; they also run by themselves.

.DEFAULT_GOAL := help
.PHONY: help test demo build bench fuzz install clean

help: ## prints this list
	@echo 'Trayphone: your phone in the tray.'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Rust, Node and npm must be there. Missing Debian or Ubuntu packages are named, and installed after a question.'

test: ## runs all checks and all tests, and says what each step took
	@.make/test.sh

demo: ## shows the agent and its window at work against a fake PBX; without a display: a screenshot; KIND=asterisk takes a real one, as root
	@.make/demo.sh $(if $(KIND),--kind '$(KIND)')

build: ## builds the release programs: target/release/trayphone, trayphone-window, trayphonectl
	@.make/build.sh

bench: ## measures the promised figures (release build of the agent alone), beside their targets; BENCH="--help" tells what can be chosen
	@.make/bench.sh $(BENCH)

fuzz: ## feeds the readers of frames and numbers with noise for FUZZ_SECONDS (default 60); needs cargo-fuzz
	@.make/fuzz.sh

install: ## installs the Debian or Ubuntu packages that building and testing need
	@.make/install.sh build session

clean: ## removes everything that was built
	rm -rf target ui/dist ui/node_modules artefacts
