"""Records what real terminals show, as text, in the pages about it; ``--check`` fails where a page has another.

The provider of a log-in is the authorization server of the tests. Addresses are made short and days are fixed, since
they differ each time.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Usage

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
DOCS = Path(__file__).parent
BEGIN, END = "<!-- recorded by docs/record.py -->", "<!-- end of the recording -->"
COLUMNS = 100


def log_in() -> str:
    """What a user sees who logs in by both methods, and out again."""
    from support.oauth_server import OAuthServer  # noqa: PLC0415  main puts tests/ on the path
    from support.terminals import Typing  # noqa: PLC0415

    with OAuthServer() as oauth, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(oauth.toml(), encoding="utf-8")
        # The user of the device flow has entered the code by the time of the first question.
        oauth.approved.set()
        variables = {
            "HOME": name,
            "MODELPORT_CONFIG_DIR": name,
            "MODELPORT_DATA_DIR": name,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(TESTS)]),
            "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
            "TEST_KEYRING_FILE": str(folder / "keyring.json"),
            # The browser is on another machine.
            "SSH_TTY": "/dev/pts/0",
        }

        def run(line: str, typing: tuple[Typing, ...] = ()) -> str:
            return shown(line, variables, typing)

        paste: Typing = (r"(?s)Log in at (\S+).*paste .* here\.", lambda page: f"{oauth.visit(page[1])[0]}\n")
        text = "\n".join(
            [
                run("modelport login acme"),
                run("modelport login acme --method code --name work", (paste,)),
                run("modelport logout acme --name work"),
                run("modelport logout acme"),
                run("modelport login groq"),
                run("modelport login copilot"),
            ]
        )
        return shortened(text, oauth.url)


CALLS = (
    ("anthropic", "claude-sonnet-4-6", 41_200, 6_900, 227_100),
    ("openai", "gpt-5.1", 88_000, 3_100, 141_000),
    ("groq", "openai/gpt-oss-120b", 19_500, 2_400, 4_365),
    ("ollama", "qwen3:8b", 7_800, 1_200, 0),
)
"""Provider, model, tokens of input and output, millionths of a US dollar."""


def usage() -> str:
    """What a user sees of their calls and of a budget."""
    with tempfile.TemporaryDirectory() as name:
        Path(name, "config.toml").write_text(
            '[budgets.daily]\nperiod = "day"\nusd = 0.5\naction = "refuse"\n', encoding="utf-8"
        )
        anyio.run(_record, Path(name, "usage.sqlite3"))
        variables = {"HOME": name, "MODELPORT_CONFIG_DIR": name, "MODELPORT_DATA_DIR": name, "NO_COLOR": "1"}
        variables["PYTHONPATH"] = str(ROOT / "server")
        text = "\n".join(shown(line, variables) for line in ("modelport usage --by model", "modelport budget"))
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-12-01 00:00", text)


async def _record(file: Path) -> None:
    ledger = SqliteLedger(file, logging.getLogger("record"))
    now_ms = int(time.time() * 1000)
    for provider, model, read, written, usd_micros in CALLS:
        used = Usage(input_tokens=read, output_tokens=written, latency_ms=900.0, usd_micros=usd_micros, estimated=False)
        call = CallRecord(
            started_at_ms=now_ms,
            provider=provider,
            model=model,
            client="neovim",
            project="app",
            outcome="ok",
            error_kind=None,
            finish_reason="stop",
            usage=used,
        )
        await ledger.record(call)
    await ledger.aclose()


def shown(line: str, variables: Mapping[str, str], typing: Sequence[Any] = ()) -> str:
    """A command and what a terminal shows of it, without the sequences that draw."""
    from support.terminals import on_terminal  # noqa: PLC0415  main puts tests/ on the path

    command = [sys.executable, "-m", *shlex.split(line)]
    return f"$ {line}\n{on_terminal(command, COLUMNS, dict(variables), typing=tuple(typing))[1]}"


RECORDINGS: Mapping[str, Callable[[], str]] = {"logging-in.md": log_in, "budgets.md": usage}
"""The pages, and what each shows."""


def shortened(text: str, url: str) -> str:
    """The text with the address of the provider in place of the test server's, and without what is drawn by lot."""
    text = text.replace(url, "https://acme.example")
    text = re.sub(r"(/authorize\?response_type=code)\S+", r"\1&…", text)
    return re.sub(r"http://127\.0\.0\.1:\d+/\S+", "http://127.0.0.1:49152/…?code=…&state=…", text)


def page_with(text: str, page: str) -> str:
    """The page with a recording."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n```text\n{text}```\n\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str]) -> int:
    """Writes the recordings into the pages, or checks them."""
    sys.path.insert(0, str(TESTS))
    others: list[str] = []
    for name, record in RECORDINGS.items():
        file = DOCS / name
        page = file.read_text(encoding="utf-8")
        made = page_with(record(), page)
        if made != page and "--check" in arguments:
            others.append(name)
        elif made != page:
            file.write_text(made, encoding="utf-8")
    if others:
        print(f"{', '.join(others)}: another recording; run docs/record.py")
    return int(bool(others))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
