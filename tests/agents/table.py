"""Writes ``docs/agents.md``: what real agents answered on this machine, with the date.

Usage: python tests/agents/table.py
"""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from agents import installed  # noqa: E402
from support.discovering import Discovering  # noqa: E402

PAGE = TESTS.parent / "docs" / "agents.md"
ABOUT = """\
<!-- Written by `make test-agents`; do not edit. -->

# Agents that were tried

What `acp-discover --level verify` said of real packages, installed from npm and PyPI on {system} on {date}: no log-in, no
keys, an empty home at their first start. *Log-in* is what `auth` says; *unknown* means that the agent offers ways to
log in and does not say whether one was used. Which agents are known at all stands in
[agents.toml](../server/modelport/data/agents.toml).

| agent | package | status | log-in | ways to log in | ACP | answered in | ended by itself |
|---|---|---|---|---|---|---|---|
"""
BELOW = """
Two that look installed and are not: on the search path both have a program of the right name.

| agent | package | status | what is said |
|---|---|---|---|
"""


def main() -> None:
    """Installs what is missing, asks all of them anew, and writes the page."""
    machine = Discovering(installed.CACHE / "home", [installed.programs_folder(one) for one in installed.SPECIMENS])
    records = machine.agents("--level", "verify", "--refresh", "--timeout", "600", timeout=620)
    system = f"{platform.system()} {platform.machine()}"
    text = ABOUT.format(system=system, date=datetime.now(UTC).date().isoformat())
    text += "".join(_row(one, records[one.id]) for one in installed.SPECIMENS)
    text += BELOW
    for one in (installed.STUB, installed.BROKEN):
        apart = Discovering(installed.CACHE / "home-broken", [installed.programs_folder(one)])
        record = apart.agents("--level", "verify", one.id)[one.id]
        text += f"| {one.id} | {_package(one)} | {record['status']} | {record['detail']} |\n"
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(TESTS.parent)}")


def _row(one: installed.Specimen, record: dict[str, Any]) -> str:
    cells = [
        one.id,
        _package(one),
        record["status"],
        record.get("auth", "-").replace("_", " "),
        ", ".join(str(method.get("id")) for method in record.get("authMethods", [])) or "none",
        str(record.get("protocolVersion", "-")),
        f"{record['latencyMs'] / 1000:.1f} s" if "latencyMs" in record else "-",
        {True: "yes", False: "no", None: "-"}[record.get("exitsCleanly")],
    ]
    return f"| {' | '.join(cells)} |\n"


def _package(one: installed.Specimen) -> str:
    ecosystem, _, package = one.package.partition(":")
    return f"{ecosystem} `{package}`"


if __name__ == "__main__":
    main()
