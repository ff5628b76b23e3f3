"""The values of the collector's headers."""

from __future__ import annotations

import pytest

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.configuration import TelemetryEntry, ValueSource
from modelport.domain.providers.registry import Registry
from modelport.domain.telemetry.destination import NoDestination
from modelport.engine.telemetry.headers import HeaderValues
from modelport.protocol.secret import Secret
from support.builders import Variables, values

COMMAND = {"Authorization": ValueSource(command=("pass", "otel"))}


class Printed:
    """A ``Commands`` that counts."""

    def __init__(self, trouble: RequestFailed | None = None, text: str = "Basic abc") -> None:
        self.runs: list[tuple[str, ...]] = []
        self.withheld: frozenset[str] = frozenset()
        self._trouble = trouble
        self._text = text

    async def output(self, command: tuple[str, ...], secret_env_vars: frozenset[str]) -> Secret:
        self.runs.append(command)
        self.withheld = secret_env_vars
        if self._trouble is not None:
            raise self._trouble
        return Secret(self._text)


def headers(commands: Printed, **variables: str) -> HeaderValues:
    return HeaderValues(Variables(**variables), commands, lambda: frozenset({"A_KEY"}))  # type: ignore[arg-type]


async def test_a_command_runs_once_and_again_once_it_is_refused() -> None:
    commands = Printed()
    found = headers(commands)
    assert await found.find(COMMAND) == await found.find(COMMAND) == {"Authorization": Secret("Basic abc")}
    assert (len(commands.runs), commands.withheld) == (1, {"A_KEY"})
    found.invalidate()
    await found.find(COMMAND)
    assert len(commands.runs) == 2


@pytest.mark.parametrize(
    ("commands", "source", "words"),
    [
        (Printed(), ValueSource(env="NOT_SET"), "comes from NOT_SET, which is not set: set it"),
        (Printed(RequestFailed("auth_required", "ended with code 1")), COMMAND["Authorization"], "ended with code 1"),
        (Printed(text="a\nb"), COMMAND["Authorization"], "cannot be sent"),
    ],
)
async def test_what_is_missing_is_a_sentence(commands: Printed, source: ValueSource, words: str) -> None:
    with pytest.raises(NoDestination, match=words):
        await headers(commands).find({"Authorization": source})


def test_no_program_gets_the_variables_that_hold_a_header() -> None:
    registry = Registry([])
    own = values(registry, Variables()).secret_env_vars()
    registry.telemetry = TelemetryEntry(headers={"x-key": ValueSource(env="OTEL_KEY"), "x-team": "blue"})
    assert values(registry, Variables()).secret_env_vars() == own | {"OTEL_KEY", "OTEL_EXPORTER_OTLP_HEADERS"}
