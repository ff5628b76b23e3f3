"""The file of fingerprints: whole, dated, and of one piece with the file of providers."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.domain.local.fingerprints import Fingerprint
from support.shipped import shipped_registry

BOOK = load_fingerprints()
REGISTRY = shipped_registry()
PATHS = [path for wave in BOOK.waves for path in wave]
every_row = pytest.mark.parametrize("row", BOOK.server, ids=lambda row: row.provider)
ISSUE = {
    "ollama", "lmstudio", "vllm", "sglang", "tgi", "mlx", "llama-cpp", "llama-cpp-python", "localai", "litellm", "jan",
    "koboldcpp", "text-generation-webui", "lemonade", "docker-model-runner", "foundry-local", "gpt4all", "transformers",
}  # fmt: skip


def test_there_are_all_the_servers_that_were_promised() -> None:
    assert {row.provider for row in BOOK.server} >= ISSUE | {"openai-compatible"}


def test_no_provider_and_no_path_comes_twice() -> None:
    assert [name for name, times in Counter(row.provider for row in BOOK.server).items() if times > 1] == []
    assert [path for path, times in Counter(PATHS).items() if times > 1] == []


@every_row
def test_it_is_a_local_provider(row: Fingerprint) -> None:
    provider = REGISTRY.get(row.provider)
    assert provider.id == row.provider
    assert provider.connection_type == "local"
    assert provider.base_url_env_vars, "a server that is found can be named by a variable too"


@every_row
def test_its_facts_are_dated_and_have_a_source(row: Fingerprint) -> None:
    assert date(2024, 1, 1) <= date.fromisoformat(row.checked) <= date(2030, 1, 1)
    assert row.source.strip()


@every_row
def test_everything_it_needs_is_asked(row: Fingerprint) -> None:
    assert row.ways
    for way in row.ways:
        assert way
        assert {probe.path for probe in way} <= set(PATHS)
    for field in filter(None, (row.models, row.version)):
        assert field.path.startswith("/")
        assert field.at


@every_row
def test_a_status_alone_never_decides(row: Fingerprint) -> None:
    for way in row.ways:
        assert any(p.header or p.text or p.contains or p.json or p.has for p in way)


@every_row
def test_its_usual_ports_are_its_providers(row: Fingerprint) -> None:
    assert all(1024 <= port <= 65535 and port not in BOOK.other_services for port in row.ports)
    usual = REGISTRY.get(row.provider).base_url or ""
    assert row.last or any(f":{port}" in usual for port in row.ports)


def test_what_a_proxy_would_pass_on_is_asked_after_the_proxy_is_known() -> None:
    waves = {path: number for number, wave in enumerate(BOOK.waves) for path in wave}
    assert waves["/health/liveliness"] < waves["/openai/status"]
    assert waves["/openapi.json"] == len(BOOK.waves) - 1
    # Asked of a server only that has shown another mark of mlx.
    assert all(way[0].header for row in BOOK.server for way in row.ways if "/health" in {probe.path for probe in way})


def test_few_requests_come_first() -> None:
    assert BOOK.waves[0] == ("/", "/v1/models")
