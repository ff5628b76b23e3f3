"""Where telemetry goes: the file, then OpenTelemetry's variables."""

from __future__ import annotations

import pytest

from modelport.domain.providers.address import is_collector
from modelport.domain.providers.configuration import TelemetryEntry, ValueSource
from modelport.domain.telemetry.conventions import NEWEST
from modelport.domain.telemetry.destination import NoDestination, read_destination
from modelport.protocol.secret import Secret

HERE = TelemetryEntry(otlp_endpoint="http://127.0.0.1:4318/")
ENVIRONMENT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example/x", "OTEL_EXPORTER_OTLP_HEADERS": "a=b%20c, d=e"}


def test_the_file_counts_before_the_environment_and_its_collector_gets_no_header_of_another() -> None:
    found = read_destination(HERE, ENVIRONMENT, "one")
    assert found.urls == {
        "traces": "http://127.0.0.1:4318/v1/traces",
        "metrics": "http://127.0.0.1:4318/v1/metrics",
    }
    assert found.headers == {}


def test_the_environment_counts_where_the_file_names_no_address() -> None:
    entry = TelemetryEntry(headers={"d": ValueSource(env="D")}, metrics=False)
    found = read_destination(entry, ENVIRONMENT, "one")
    assert found.urls == {"traces": "https://otel.example/x/v1/traces"}
    assert found.headers == {"a": Secret("b c"), "d": ValueSource(env="D")}
    assert found.shown == "https://otel.example"


@pytest.mark.parametrize(
    ("entry", "variables", "service"),
    [
        (HERE, {}, "modelport"),
        (HERE, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=attributes"}, "attributes"),
        (HERE, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "variable"}, "variable"),
        (TelemetryEntry(otlp_endpoint="http://x", service_name="file"), {"OTEL_SERVICE_NAME": "variable"}, "file"),
    ],
)
def test_the_services_name(entry: TelemetryEntry, variables: dict[str, str], service: str) -> None:
    assert read_destination(entry, variables, "one").resource["service.name"] == service


def test_attributes_of_the_resource_and_the_other_variables() -> None:
    variables = {
        "OTEL_RESOURCE_ATTRIBUTES": "team=blue%2Cred,host.name=h,broken",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "Delta",
    }
    found = read_destination(HERE, variables, "one")
    assert found.resource == {
        "service.name": "modelport", "service.instance.id": "one", "team": "blue,red", "host.name": "h",
    }  # fmt: skip
    assert (found.names, found.delta) == (NEWEST, True)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "No collector is named: set otlp_endpoint"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"}, "no http or https address"),
        ({**ENVIRONMENT, "OTEL_SDK_DISABLED": "TRUE"}, "unset it"),
    ],
)
def test_what_is_missing_is_a_sentence(variables: dict[str, str], words: str) -> None:
    with pytest.raises(NoDestination, match=words):
        read_destination(TelemetryEntry(), variables, "one")


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("http://127.0.0.1:4318", True),
        ("https://cloud.langfuse.com/api/public/otel", True),
        ("http://[::1]:4318/", True),
        ("grpc://127.0.0.1:4317", False),
        ("https://me:secret@otel.example", False),
        ("https://otel.example/?key=1", False),
        ("https://", False),
    ],
)
def test_addresses_of_collectors(url: str, sound: bool) -> None:
    assert is_collector(url) is sound
