# `make run` and `make test` are all a newcomer needs; they install what is missing.
.PHONY: run test check bench bless
run:
	@scripts/run
test:
	@scripts/test
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
bench:
	@scripts/bench
