"""``modelport doctor``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keyring
import pytest

from support.file_keyring import LockedKeyring

CHECKS = [
    "program",
    "configuration",
    "dataFolder",
    "usageLedger",
    "keyring",
    "keyStores",
    "credentials",
    "health",
    "localModels",
    "prices",
    "programs",
    "telemetry",
    "proxy",
    "certificates",
]


def test_an_installation_in_order(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_canary-0123456789abcdef")
    result = run("doctor")
    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()[1:]] == CHECKS
    assert "canary" not in result.output
    checks = json.loads(run("doctor", "--json").stdout)["checks"]
    assert [check["id"] for check in checks] == CHECKS
    assert {check["status"] for check in checks} == {"ok"}


def test_a_warning_is_no_failure(run: Any) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 0
    assert "warn" in {check["status"] for check in json.loads(result.stdout)["checks"]}


def test_what_is_broken_is_1_and_says_what_to_do(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "file" / "data"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "MODELPORT_DATA_DIR" in result.stdout
    failed = {c["id"] for c in json.loads(run("doctor", "--json").stdout)["checks"] if c["status"] == "fail"}
    assert failed == {"dataFolder", "usageLedger"}


def test_a_locked_keyring_stops_no_other_check(run: Any) -> None:
    run("keys", "set", "groq", input="gsk_canary-0123456789abcdef")
    keyring.set_keyring(LockedKeyring())
    result = run("doctor", "--json")
    assert [check["id"] for check in json.loads(result.stdout)["checks"]] == CHECKS
