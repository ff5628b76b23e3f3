"""Real agents, found by their packages and asked for the protocol's first answer."""

from __future__ import annotations

from typing import Any

import pytest

from agents import installed
from agents.installed import BROKEN, CACHE, SPECIMENS, STUB, Specimen
from support.discovering import Discovering, left_behind

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900, func_only=True)]


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    """What is said of all of them, on one machine."""
    machine = Discovering(CACHE / "home", [installed.programs_folder(one) for one in SPECIMENS])
    return machine.agents("--level", "verify", "--timeout", "600", timeout=620)


@pytest.mark.parametrize("one", SPECIMENS, ids=lambda one: one.id)
def test_a_real_agent_answers(one: Specimen, records: dict[str, dict[str, Any]]) -> None:
    record = records[one.id]
    ecosystem, _, package = one.package.partition(":")
    assert record["installed"]
    assert record["identity"] == "confirmed"
    assert record["owner"]["ecosystem"] == ecosystem
    assert record["version"] in package or one.id == "cline"
    assert record["protocolVersion"] == 1
    assert record["status"] == ("needs_install" if one.id == "pi-acp" else "ready"), record
    assert record["auth"] in ("unknown", "not_required")
    assert record["stdoutNoise"] == 0
    assert record["latencyMs"] > 0


def test_nothing_is_left_running(records: dict[str, dict[str, Any]]) -> None:
    assert records
    assert left_behind(str(CACHE / "npm")) == []
    assert left_behind(str(CACHE / "pypi")) == []


def test_what_has_answered_is_not_started_again(records: dict[str, dict[str, Any]]) -> None:
    machine = Discovering(CACHE / "home", [installed.programs_folder(one) for one in SPECIMENS])
    again = machine.agents("--level", "verify")
    assert {key: record.get("verifiedAt") for key, record in again.items()} == {
        key: record.get("verifiedAt") for key, record in records.items()
    }
    assert {key: record["status"] for key, record in machine.agents().items()} == {
        key: record["status"] for key, record in records.items()
    }


@pytest.mark.parametrize("one", [STUB, BROKEN], ids=["stub", "broken"])
def test_a_package_that_looks_installed_and_is_not(one: Specimen) -> None:
    machine = Discovering(CACHE / "home-broken", [installed.programs_folder(one)])
    record = machine.agents("--level", "verify", one.id)[one.id]
    assert record["status"] == ("stub" if one is STUB else "broken"), record
    assert record["detail"]
