"""Writes ``docs/providers.md`` from the provider rows; ``--check`` fails when it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from modelport.adapters.data.providers import load_registry
from modelport.domain.providers.rows import OWN_LOG_INS, Auth, Provider

PAGE = Path(__file__).parent / "providers.md"
HEAD = """# Providers

{count} providers, generated from `server/modelport/data/providers.toml`; `modelport providers` shows the same with
what is set up on your machine. Any name in the first column may stand before a model: `modelport chat -m NAME/MODEL`.

Each row runs the contract suite in `tests/contract/test_rows.py`: a server that takes the vendor's place checks the
path, the header that carries the key, version and extra headers, the model's id, the limit's field, what is never
sent, and what a refused key leads to. **Tested** says what a row was held against besides its documents: *recordings*
are real exchanges with the service, *server* is a real server of its kind running in the tests.

| provider | wire format | key | address | tested |
|---|---|---|---|---|
"""


LOG_INS: dict[Auth, str] = {
    "sigv4": "AWS credentials",
    "google": "Google Cloud",
    "copilot": "GitHub token",
    "qwen": "qwen-code",
}
"""The content of the column ``key`` for the log-ins that vendors' own tools keep."""


def page() -> str:
    """The text of the page."""
    rows = load_registry().all()
    return HEAD.format(count=len(rows)) + "".join(f"| {' | '.join(_cells(row))} |\n" for row in rows)


def _cells(row: Provider) -> Iterator[str]:
    names = ", ".join(f"`{name}`" for name in (row.id, *row.aliases))
    state = "" if row.status == "active" else f" ({row.status})"
    yield f"{row.display_name}{state}: {names}"
    yield ", ".join(dict.fromkeys((row.dialect, *(rule.dialect for rule in row.dialect_rules))))
    yield _key(row)
    yield f"`{row.base_url}`" if row.base_url else ("built in" if row.dialect == "mock" else "give baseUrl")
    yield ", ".join(row.tested) or "documents"


def _key(row: Provider) -> str:
    ways = [LOG_INS[row.auth]] if row.auth in OWN_LOG_INS else []
    ways += [f"`{row.api_key_env_vars[0]}`"] if row.api_key_env_vars else []
    needed = row.requires_api_key or row.auth in OWN_LOG_INS or not ways
    return (" or ".join(ways) or "none") + ("" if needed else " if set")


def main() -> int:
    """Writes or checks the page; 1 when it is stale or cannot be written."""
    if missing := OWN_LOG_INS - LOG_INS.keys():
        print(f"docs/generate.py: LOG_INS has no entry for {sorted(missing)}")
        return 1
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        print("wrote docs/providers.md")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        print("docs/providers.md is up to date")
        return 0
    print("docs/providers.md is stale: run make generate")
    return 1


if __name__ == "__main__":
    sys.exit(main())
