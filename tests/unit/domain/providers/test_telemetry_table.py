"""The table of the configuration with a collector: what is wrong with it, and that its place is the registry."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modelport.domain.providers.configuration import Configuration, Document, Finding
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.registry_builder import build_registry
from support.builders import row


def lay(table: dict[str, Any] | None) -> tuple[Registry, list[Finding]]:
    raw = {} if table is None else {"telemetry": table}
    return build_registry(Configuration(document=msgspec.convert(raw, Document)), (row("acme", key_prefix="sk-"),))


@pytest.mark.parametrize(
    ("table", "place", "words"),
    [
        ({"otlp_endpoint": "https://me:canary@otel.example"}, "telemetry.otlp_endpoint", "without a log-in"),
        ({"otlp_endpoint": "127.0.0.1:4318"}, "telemetry.otlp_endpoint", "http or https"),
        ({"headers": {"Authorization": "Basic canary"}}, "telemetry.headers.Authorization", "do not belong"),
        ({"headers": {"X-Thing": "sk-canary"}}, "telemetry.headers.X-Thing", "do not belong"),
        ({"headers": {"Content-Length": "3"}}, "telemetry.headers.Content-Length", "no name of a header"),
        ({"headers": {"X-Thing": {}}}, "telemetry.headers.X-Thing", "one of the two"),
    ],
)
def test_mistakes_have_their_place_and_no_secret(table: dict[str, Any], place: str, words: str) -> None:
    _, (finding,) = lay(table)
    assert ".".join(finding.key_path) == place
    assert words in finding.message
    assert "canary" not in finding.message


def test_it_is_off_unless_the_table_is_there_and_a_new_file_changes_that() -> None:
    off, on = lay(None)[0], lay({})[0]
    assert off.telemetry is None
    assert on.telemetry is not None
    off.replace(on)
    assert off.telemetry is on.telemetry
