"""Where to look: usual ports, the addresses in the environment in all their forms, and ports that are open."""

from __future__ import annotations

import pytest

from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.domain.local.servers import (
    PortCandidate,
    ServerAddress,
    configured_candidates,
    default_candidates,
    listening_candidates,
    merged,
    server_url,
)
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry
from support.shipped import shipped_registry

BOOK = load_fingerprints()
REGISTRY = shipped_registry()
LOCAL = frozenset(row.id for row in REGISTRY.all() if row.connection_type == "local")


def named(providers: frozenset[str] = LOCAL, /, **variables: str) -> list[PortCandidate]:
    return configured_candidates(REGISTRY, BOOK, providers, variables)


def urls(candidates: list[PortCandidate]) -> list[str]:
    return [address.url for candidate in candidates for address in candidate.addresses()]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("127.0.0.1", ["http://127.0.0.1:11434", "http://[::1]:11434"]),
        ("127.0.0.1:9999", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("localhost:9999", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        (":9999", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("0.0.0.0", ["http://127.0.0.1:11434", "http://[::1]:11434"]),
        ("0.0.0.0:9999", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("http://0.0.0.0:9999/", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("http://127.0.0.1", ["http://127.0.0.1:80", "http://[::1]:80"]),
        ("https://localhost", ["https://127.0.0.1:443", "https://[::1]:443"]),
        ("https://127.0.0.1:9999", ["https://127.0.0.1:9999", "https://[::1]:9999"]),
        ("::1", ["http://[::1]:11434"]),
        ("[::1]", ["http://[::1]:11434"]),
        ("[::1]:9999", ["http://[::1]:9999"]),
        ("[::]:9999", ["http://[::1]:9999"]),
        ("http://[::1]:9999/ollama", ["http://[::1]:9999/ollama"]),
        ("127.0.0.1:9999/a/b/", ["http://127.0.0.1:9999/a/b", "http://[::1]:9999/a/b"]),
        ("http://localhost:9999/v1", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("127.0.0.2:9999", ["http://127.0.0.2:9999"]),
        (" 127.0.0.1:9999 ", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("HTTP://127.0.0.1:9999", ["http://127.0.0.1:9999", "http://[::1]:9999"]),
        ("192.168.1.5:9999", []),
        ("ollama.com", []),
        ("http://localhost.example:9999", []),
        ("127.0.0.1:port", []),
        ("127.0.0.1:99999", []),
        ("ftp://127.0.0.1", []),
        ("", []),
        ("  ", []),
    ],
)
def test_the_forms_of_ollama_host(value: str, found: list[str]) -> None:
    assert urls(named(OLLAMA_HOST=value)) == found


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("OLLAMA_BASE_URL", "http://localhost:9999", "http://127.0.0.1:9999"),
        ("OLLAMA_API_BASE", "http://localhost:9999/v1/", "http://127.0.0.1:9999"),
        ("VLLM_BASE_URL", "http://localhost:9999/v1", "http://127.0.0.1:9999"),
        ("VLLM_BASE_URL", "http://localhost:9999/gateway/v1", "http://127.0.0.1:9999/gateway"),
        ("LMSTUDIO_BASE_URL", "127.0.0.1:9999", "http://127.0.0.1:9999"),
        ("LEMONADE_BASE_URL", "http://127.0.0.1:9999/api/v1", "http://127.0.0.1:9999"),
        ("MODEL_RUNNER_BASE_URL", "http://127.0.0.1:9999/engines/v1", "http://127.0.0.1:9999"),
        ("LITELLM_PROXY_API_BASE", "http://0.0.0.0:9999", "http://127.0.0.1:9999"),
        ("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9999/v1", "http://127.0.0.1:9999"),
        ("LLAMAFILE_API_BASE", "http://127.0.0.1:9999/v1", "http://127.0.0.1:9999"),
    ],
)
def test_every_row_has_its_variables(variable: str, value: str, found: str) -> None:
    assert urls(named(**{variable: value}))[0] == found


def test_all_variables_of_a_row_count_and_none_of_other_rows() -> None:
    both = {
        "OLLAMA_HOST": "127.0.0.1:1",
        "OLLAMA_BASE_URL": "http://127.0.0.1:2",
        "VLLM_BASE_URL": "http://127.0.0.1:3",
    }
    assert [candidate.port for candidate in named(frozenset({"ollama"}), **both)] == [1, 2]
    assert named(frozenset(), **both) == []
    assert named(frozenset({"openai"}), OPENAI_BASE_URL="https://api.openai.com/v1") == []


def test_addresses_in_the_configuration_count_too() -> None:
    defaults = {
        "vllm": Overrides(base_url="http://localhost:9999/v1"),
        "openai": Overrides(base_url="https://a.example"),
    }
    registry = Registry(REGISTRY.all(), defaults)
    candidates = configured_candidates(registry, BOOK, LOCAL | {"openai"}, {"VLLM_BASE_URL": "http://127.0.0.1:8888"})
    assert [(candidate.port, candidate.prefix) for candidate in candidates] == [(9999, ""), (8888, "")]


def test_a_cloud_providers_variable_may_name_this_machine() -> None:
    assert urls(named(frozenset({"openai"}), OPENAI_BASE_URL="http://127.0.0.1:9999/v1"))[0] == "http://127.0.0.1:9999"


def test_usual_ports_are_asked_once_each() -> None:
    ports = [candidate.port for candidate in default_candidates(BOOK, LOCAL)]
    assert len(set(ports)) == len(ports)
    assert {11434, 1234, 8000, 8080, 30000, 3000, 4000, 1337, 4891, 5000, 5001, 13305, 12434, 5273} <= set(ports)
    assert [candidate.port for candidate in default_candidates(BOOK, frozenset({"tgi"}))] == [3000, 8080]


def test_open_ports_are_those_that_may_be_a_users_web_server() -> None:
    assert [
        candidate.port for candidate in listening_candidates({9000, 22, 80, 1023, 1024, 4096, 5432, 6379, 65535}, BOOK)
    ] == [
        1024,
        9000,
        65535,
    ]


def test_a_candidate_is_looked_at_once_with_all_its_addresses() -> None:
    candidates = [
        PortCandidate(1),
        PortCandidate(2),
        PortCandidate(1, ("127.0.0.2", "::1")),
        PortCandidate(1, scheme="https"),
        PortCandidate(1, prefix="/x"),
    ]
    assert merged(candidates) == [
        PortCandidate(1, ("127.0.0.1", "::1", "127.0.0.2")),
        PortCandidate(2),
        PortCandidate(1, scheme="https"),
        PortCandidate(1, prefix="/x"),
    ]


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("ollama", "http://[::1]:9/x"),
        ("vllm", "http://[::1]:9/x/v1"),
        ("docker-model-runner", "http://[::1]:9/x/engines/v1"),
        ("lemonade", "http://[::1]:9/x/api/v1"),
        ("openai-compatible", "http://[::1]:9/x/v1"),
    ],
)
def test_the_base_url_has_the_path_of_the_providers_row(provider: str, url: str) -> None:
    (row,) = [row for row in BOOK.server if row.provider == provider]
    assert server_url(ServerAddress("::1", 9, "http", "/x"), row, REGISTRY) == url
