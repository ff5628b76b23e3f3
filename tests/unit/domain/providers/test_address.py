"""Addresses as people and data write them."""

from __future__ import annotations

import contextlib

import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.address import base_url, fill, find, headers, is_own_network, other_host, settings
from modelport.domain.providers.rows import BaseUrlRule, Setting
from support.builders import row

CLOUD = row("acme", base_url="https://api.acme.example/v1", base_url_env_vars=("ACME_BASE_URL", "ACME_API_BASE"))
OLLAMA = row(
    "ollama",
    connection_type="local",
    base_url="http://localhost:11434",
    base_url_env_vars=("OLLAMA_HOST",),
    requires_api_key=False,
)


def test_the_rows_address_is_the_default() -> None:
    assert base_url(CLOUD, None, {}) == "https://api.acme.example/v1"


def test_the_environment_replaces_the_rows_address_its_first_variable_first() -> None:
    both = {"ACME_API_BASE": "https://second.example", "ACME_BASE_URL": "https://first.example"}
    assert base_url(CLOUD, None, both) == "https://first.example"
    assert base_url(CLOUD, None, {"ACME_API_BASE": "https://second.example"}) == "https://second.example"


def test_a_blank_variable_counts_as_none() -> None:
    assert base_url(CLOUD, None, {"ACME_BASE_URL": "  "}) == "https://api.acme.example/v1"


def test_the_users_address_replaces_the_whole_address() -> None:
    mine = base_url(CLOUD, "https://proxy.example/team/a/", {"ACME_BASE_URL": "https://first.example"})
    assert mine == "https://proxy.example/team/a"


def test_a_port_ends_at_65535() -> None:
    assert base_url(CLOUD, "https://proxy.example:65535", {}) == "https://proxy.example:65535"
    with pytest.raises(InvalidParams):
        base_url(CLOUD, "https://proxy.example:65536", {})


def test_placeholders_are_filled_from_the_environment() -> None:
    azure = row("azure", base_url="https://{AZURE_RESOURCE}.example/{AZURE_REGION}/v1/")
    variables = {"AZURE_RESOURCE": "team", "AZURE_REGION": "eu"}
    assert base_url(azure, None, variables) == "https://team.example/eu/v1"


def test_a_placeholder_without_a_value_is_named() -> None:
    azure = row("azure", base_url="https://{AZURE_RESOURCE}.example/{AZURE_REGION}/v1")
    with pytest.raises(InvalidParams, match="AZURE_REGION") as refused:
        base_url(azure, None, {"AZURE_RESOURCE": "team"})
    assert (refused.value.field, refused.value.provider) == ("baseUrl", "azure")
    assert "AZURE_RESOURCE" not in refused.value.message
    assert refused.value.action == "set AZURE_REGION"


def test_a_provider_without_an_address_asks_for_one_and_says_what_happened_to_it() -> None:
    gone = row("gone", base_url=None, status="retired", notice="The service ended.")
    with pytest.raises(InvalidParams, match="The service ended") as refused:
        base_url(gone, None, {})
    assert refused.value.field == "baseUrl"


def test_the_mock_needs_no_address() -> None:
    assert base_url(row("mock", dialect="mock", base_url=None), None, {}) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.168.1.5:11434", "http://192.168.1.5:11434"),
        ("192.168.1.5", "http://192.168.1.5:11434"),
        ("server.lan", "http://server.lan:11434"),
        ("server.lan:8080", "http://server.lan:8080"),
        ("server.lan:8080/", "http://server.lan:8080"),
        ("server.lan/ollama/", "http://server.lan:11434/ollama"),
        ("http://server.lan:8080", "http://server.lan:8080"),
        ("http://server.lan:8080///", "http://server.lan:8080"),
        # With a scheme the scheme's own port is meant.
        ("http://server.lan", "http://server.lan"),
        ("https://server.lan/ollama", "https://server.lan/ollama"),
        # A server that listens everywhere is called on this machine.
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("[fe80::1%eth0]:8080", "http://[fe80::1%eth0]:8080"),
        ("  server.lan:8080 ", "http://server.lan:8080"),
    ],
)
def test_ollama_host_in_all_its_forms(written: str, meant: str) -> None:
    assert base_url(OLLAMA, None, {"OLLAMA_HOST": written}) == meant


def test_an_address_without_a_scheme_is_https_in_the_cloud_and_gets_no_port() -> None:
    assert base_url(CLOUD, "gateway.example/v1", {}) == "https://gateway.example/v1"


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert base_url(CLOUD, "HTTPS://gateway.example/v1", {}) == "https://gateway.example/v1"


@pytest.mark.parametrize(
    "bad",
    [
        "ftp://server",
        "file:///etc/passwd",
        "http://user:word@server",
        "http://two words",
        "http://server?x=1&key=abcdef",
        "http://server#x",
        "http://[::1",
        "unix:///var/run/x.sock",
        "<script>",
    ],
)
@pytest.mark.parametrize("field", ["baseUrl", "ACME_BASE_URL"])
def test_a_bad_address_is_refused_with_the_place_it_came_from(bad: str, field: str) -> None:
    given = (bad, {}) if field == "baseUrl" else (None, {field: bad})
    with pytest.raises(InvalidParams) as refused:
        base_url(CLOUD, *given)
    assert (refused.value.field, refused.value.provider) == (field, "acme")
    assert "https://host/path" in refused.value.message


@pytest.mark.parametrize("bad", ["http://server:80a0/v1", "server:port", "http://server:99999", "javascript:alert(1)"])
def test_a_bad_port_is_refused_and_not_forgotten(bad: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        base_url(CLOUD, bad, {})
    assert refused.value.field == "baseUrl"


@pytest.mark.parametrize("nothing", ["", "  ", "https://", "http:///v1"])
def test_no_host_at_all_is_never_this_machine_for_a_provider_in_the_cloud(nothing: str) -> None:
    with contextlib.suppress(InvalidParams):
        assert base_url(CLOUD, nothing, {}) == "https://api.acme.example/v1"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("", True),
        ("http://localhost", True),
        ("http://localhost:11434/v1", True),
        ("https://127.0.0.1:8000", True),
        ("http://[::1]:8000/v1", True),
        ("http://server.lan", False),
        ("https://api.example/localhost", False),
        ("https://localhost.example", False),
        ("https://127.example", False),
    ],
)
def test_an_address_on_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("", True),
        ("http://localhost:11434", True),
        ("http://127.8.9.1:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.1.20:1234/v1", True),
        ("http://10.0.0.5", True),
        ("https://172.16.4.4/v1", True),
        ("http://100.101.102.103:8080", True),
        ("http://169.254.1.1", True),
        ("http://[fd00::5]:8000", True),
        ("http://[fe80::1%eth0]:8080", True),
        ("http://gpu-box:8000/v1", True),
        ("http://Server.LAN:8080", True),
        ("http://studio.local:1234/v1", True),
        ("http://host.docker.internal:11434", True),
        ("https://api.acme.example/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://[2606:4700::1111]/v1", False),
        ("https://172.32.0.1", False),
        ("https://192.168.1.20.evil.example", False),
        ("https://api.example/localhost", False),
        ("https://1.2.3", False),
        ("https://lan.example", False),
    ],
)
def test_an_address_in_a_network_of_the_users_own(url: str, own: bool) -> None:
    assert is_own_network(url) is own


VERTEX = row(
    "vertex",
    base_url="https://{LOCATION}-api.example",
    settings={
        "LOCATION": Setting(env_vars=("LOCATION", "OLD_LOCATION"), default="global"),
        "PROJECT": Setting(env_vars=("PROJECT", "OLD_PROJECT")),
        "PLAIN": Setting(),
    },
    base_url_rules=(
        BaseUrlRule(setting="LOCATION", value="global", base_url="https://api.example"),
        BaseUrlRule(setting="LOCATION", value="cn-*", base_url="https://{LOCATION}.api.cn"),
    ),
)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, {"LOCATION": "global"}),
        ({"OLD_LOCATION": "eu"}, {"LOCATION": "eu"}),
        ({"LOCATION": "us", "OLD_LOCATION": "eu"}, {"LOCATION": "us"}),
        ({"LOCATION": " ", "OLD_PROJECT": " p "}, {"LOCATION": "global", "PROJECT": "p"}),
        ({"PLAIN": "x"}, {"LOCATION": "global", "PLAIN": "x"}),
    ],
)
def test_a_setting_comes_from_its_variables_in_their_order_else_its_default(
    variables: dict[str, str], found: dict[str, str]
) -> None:
    assert settings(VERTEX, variables) == found


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "https://api.example"),
        ({"OLD_LOCATION": "eu-west1"}, "https://eu-west1-api.example"),
        ({"LOCATION": "cn-north"}, "https://cn-north.api.cn"),
    ],
)
def test_a_setting_may_choose_another_address(variables: dict[str, str], address: str) -> None:
    assert base_url(VERTEX, None, variables) == address


def test_a_path_is_filled_too_and_what_is_the_dialects_stays() -> None:
    assert fill("/v1/{PROJECT}/models/{model}", VERTEX, {"OLD_PROJECT": "p"}) == "/v1/p/models/{model}"
    with pytest.raises(InvalidParams, match="PROJECT"):
        fill("/v1/{PROJECT}/models/{model}", VERTEX, {})


def test_a_header_made_of_what_is_not_set_is_left_out() -> None:
    openai = row(
        headers={"Organization": "{ORG}", "Version": "1"}, settings={"ORG": Setting(env_vars=("ORG", "OLD_ORG"))}
    )
    assert headers(openai, {}) == {"Version": "1"}
    assert headers(openai, {"OLD_ORG": "o"}) == {"Version": "1", "Organization": "o"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://team.example", "https://team.example/openai/v1"),
        ("https://team.example/", "https://team.example/openai/v1"),
        ("https://team.example/openai/v1/", "https://team.example/openai/v1"),
        ("https://proxy.example/team", "https://proxy.example/team"),
    ],
)
def test_an_address_that_other_tools_write_without_its_path_gets_it(written: str, meant: str) -> None:
    azure = row("azure", base_url_env_vars=("AZURE_ENDPOINT",), env_base_path="/openai/v1")
    assert base_url(azure, None, {"AZURE_ENDPOINT": written}) == meant
    assert base_url(azure, written, {}) == written.rstrip("/")


HOSTS = {"talk.*.cloud.example": "list", "talk-safe.*.cloud.example": "list-safe"}


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://talk.eu-1.cloud.example", "https://list.eu-1.cloud.example"),
        ("https://TALK.EU-1.Cloud.Example", "https://list.eu-1.cloud.example"),
        ("https://talk-safe.eu-1.cloud.example", "https://list-safe.eu-1.cloud.example"),
        ("http://talk.eu-1.cloud.example:8443/base", "http://list.eu-1.cloud.example:8443/base"),
        # The neighbour of a proxy may have another owner.
        ("https://talk.proxy.example", None),
        ("https://talk.eu-1.cloud.example.evil.example", None),
        ("https://talk.evil.eu-1.cloud.example", None),
        ("https://a.talk.eu-1.cloud.example", None),
        ("https://127.0.0.1:4010", None),
        ("http://[::1]:4010", None),
        ("", None),
    ],
)
def test_the_neighbour_of_a_host_is_known_by_the_whole_name(url: str, other: str | None) -> None:
    assert other_host(url, HOSTS) == other


def test_only_a_dialect_that_sends_nothing_needs_no_address() -> None:
    made_up, remote = row("made-up", dialect="mock", base_url=None), row("acme", base_url=None)
    assert find(made_up, None, {}).text == find(remote, None, {}, dialect="mock").text == ""
    for provider, dialect in ((made_up, "openai_chat"), (made_up, "ollama"), (remote, None)):
        with pytest.raises(InvalidParams, match="has no address of its own: give baseUrl"):
            find(provider, None, {}, dialect=dialect)  # type: ignore[arg-type]
