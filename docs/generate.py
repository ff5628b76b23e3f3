"""Writes the pages that are made from data: providers and conversations; ``--check`` fails when one is stale."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from modelport.adapters.data.providers import load_registry
from modelport.domain.completions.fitting.rules import FAMILIES, MATRIX, RULES, changes_of
from modelport.domain.providers.rows import OWN_LOG_INS, Auth, Provider

FOLDER = Path(__file__).parent
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

CONVERSATIONS = """# Conversations

A conversation may go on with another model than the one that began it: after a change of the model, or when a fallback
answers in the middle of a tool loop. Between the request and the writer of a wire format stands one step,
`domain/completions/fitting`, which turns any valid conversation into one that the reader accepts. The client sends its
messages as they are, and keeps them so; ids stay the same from one request to the next, so that caches of prompts hit.

What is wrong in a conversation itself is an error (-32602) with the message's place: a tool's result without a call
before it, a second result of one call, nothing but blank text.

This page is generated. *native*: the wire format takes it as it is; *fitted*: it is rewritten for it. Every cell is
tested (`tests/unit/domain/completions/fitting/test_matrix.py`), and `tests/replay/test_square.py` writes every
recorded answer of every provider for every reader and lets the vendor's own SDK read it.
"""
FAMILIES_HEAD = """Models change single rules, whatever row serves them:
"""


LOG_INS: dict[Auth, str] = {
    "sigv4": "AWS credentials",
    "google": "Google Cloud",
    "copilot": "GitHub token",
    "qwen": "qwen-code",
}
"""The content of the column ``key`` for the log-ins that vendors' own tools keep."""


def conversations() -> str:
    """The text of ``conversations.md``: every rule by every dialect, and what models and rows change."""
    lines = [CONVERSATIONS, f"| what | {' | '.join(RULES)} |", f"|---|{'---|' * len(RULES)}"]
    lines += [f"| {rule.what} | {' | '.join(rule.cell(rules) for rules in RULES.values())} |" for rule in MATRIX]
    lines += ["", FAMILIES_HEAD, "| dialect | models | changes |", "|---|---|---|"]
    lines += [f"| {dialect} | `{pattern}` | {_changes(changes)} |" for dialect, pattern, changes in FAMILIES]
    rows = [(row, changes_of(row.wire.history)) for row in load_registry().all()]
    lines += ["", "Rows:", "", "| provider | changes |", "|---|---|"]
    lines += [f"| {row.display_name} | {_changes(changes)} |" for row, changes in rows if changes]
    return "\n".join(lines) + "\n"


def _changes(changes: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}` {str(value).lower()}" for name, value in changes.items())


def providers() -> str:
    """The text of ``providers.md``."""
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
    stale = False
    for name, page in PAGES.items():
        file, text = FOLDER / name, page()
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            print(f"docs/{name} is up to date")
        elif "--check" in sys.argv:
            print(f"docs/{name} is stale: run make generate")
            stale = True
        else:
            file.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    return int(stale)


PAGES: dict[str, Callable[[], str]] = {"providers.md": providers, "conversations.md": conversations}


if __name__ == "__main__":
    sys.exit(main())
