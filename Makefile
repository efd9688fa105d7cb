# `make run` and `make test` are all a newcomer needs; they install what is missing.
.PHONY: run test check bench bless
run:
	@scripts/run
test:
	@scripts/test
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p beanpole-testkit --test daemon -- -D warnings
bench:
	@scripts/bench
# Accepts changed golden output: read the difference before it is committed.
bless:
	INSTA_UPDATE=always cargo test -p beanpole-planner
	BLESS=1 cargo test -p beanpole-control-plane options::reference
	BLESS=1 cargo test -p beanpole-ebextensions --test corpus
