# Two commands do everything: `make run` opens the app, `make test` passes the tests.
.DEFAULT_GOAL := help
.PHONY: help run test setup develop lint soak acceptance screenshots recordings reference bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run:  ## prepare everything, then open the app
	@scripts/prepare-tmux.sh
	@scripts/prepare-python.sh run
	@.venv/bin/tungsten

setup:  ## prepare .venv (with .venv/bin/tungsten in it) and tmux
	@scripts/prepare-tmux.sh
	@scripts/prepare-python.sh run

develop:
	@scripts/prepare-tmux.sh
	@scripts/prepare-python.sh develop

lint: develop  ## lint, format, strict types, import direction
	@.venv/bin/python scripts/lint.py

test: develop  ## lint beside all tests; leaves nothing behind
	.venv/bin/python scripts/run_tests.py --lint --workers 9 -m "not soak and not acceptance"

soak: develop  ## long chaos and fuzz runs
	.venv/bin/python scripts/run_tests.py -m soak

acceptance: develop  ## what needs the package registries
	.venv/bin/python scripts/run_tests.py -m acceptance

screenshots: develop  ## pictures of the running app, into screenshots/
	.venv/bin/python scripts/screenshots.py

recordings: develop  ## three jobs, recorded from the running app, into docs/recordings/
	.venv/bin/python scripts/recordings.py

reference: develop  ## docs/keys.md and docs/configuration.md, from the code
	.venv/bin/python scripts/reference_docs.py

bench: develop  ## every benchmark, as ratios to a reference of the same run
	.venv/bin/python -m benchmarks

clean:  ## remove .venv and build products
	rm -rf .venv dist build
