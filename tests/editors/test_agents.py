"""Four real agents from npm: found by their packages, sent the protocol's first request, and ended."""

from __future__ import annotations

from typing import Any

import pytest

from agents import installed
from agents.installed import CACHE, by_id
from support.discovering import Discovering, left_behind

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300, func_only=True)]
IDS = ("pi-acp", "codex-acp", "claude-acp", "opencode")


@pytest.fixture(scope="module")
def machine() -> Discovering:
    return Discovering(CACHE / "home-of-four", [installed.programs_folder(by_id(name)) for name in IDS])


@pytest.fixture(scope="module")
def static(machine: Discovering) -> dict[str, dict[str, Any]]:
    return machine.agents()


@pytest.fixture(scope="module")
def verified(machine: Discovering, static: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    assert static
    return machine.agents("--level", "verify", "--refresh", timeout=250)


@pytest.mark.parametrize("name", IDS)
def test_it_is_identified_by_its_package(name: str, static: dict[str, dict[str, Any]]) -> None:
    record = static[name]
    package, _, version = by_id(name).package.removeprefix("npm:").rpartition("@")
    assert record["owner"] == {"ecosystem": "npm", "package": package, "version": version}
    assert (record["installed"], record["identity"]) == (True, "confirmed")


@pytest.mark.parametrize("name", IDS)
def test_it_answers(name: str, verified: dict[str, dict[str, Any]]) -> None:
    record = verified[name]
    assert record["protocolVersion"] == 1
    assert record["agentInfo"]["version"] == record["version"]
    assert record["stdoutNoise"] == 0
    # pi-acp answers, and needs pi, which is not installed.
    assert record["status"] == ("needs_install" if name == "pi-acp" else "ready"), record
    assert record["auth"] == "unknown"
    assert record["authMethods"]


def test_a_session_proves_the_log_in_or_that_there_is_none(machine: Discovering) -> None:
    record = machine.agents("--level", "verify", "--sessions", "codex-acp", timeout=120)["codex-acp"]
    assert (record["status"], record["auth"]) == ("auth_required", "required")


def test_nothing_is_left_running(verified: dict[str, dict[str, Any]]) -> None:
    assert verified
    assert left_behind(str(CACHE / "npm")) == []
