.PHONY: check lint types imports pins test proofs bench

check: lint types imports pins

lint:
	uv run ruff format --check .
	uv run ruff check .

types:
	uv run mypy

imports:
	uv run lint-imports

pins:
	python3 -c "import tomllib" 2>/dev/null && python3 scripts/pin.py --check || uv run python scripts/pin.py --check

test:
	uv run pytest

proofs:
	uv run pytest -m slow

bench:
	uv run mmm bench
