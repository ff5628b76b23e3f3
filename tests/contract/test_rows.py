"""Every provider row, from the environment's key to the bytes of its request, against a server that checks as the vendor would."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, DialectTable
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.models.host import ProviderModels
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Overrides, wire_format
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider
from modelport.engine.calls.recorder import Origin
from modelport.engine.completions.create import Completions
from modelport.engine.providers.connections import Connections
from modelport.frontends.rpc.messages import convert
from modelport.protocol.secret import Secret
from modelport.protocol.types import Completion, Connection, ConnectProviderParams, CreateCompletionParams
from support.builders import (
    KeptByVendors,
    MemoryLedger,
    MemoryStore,
    RecordingListener,
    Variables,
)
from support.builders import connections as session
from support.builders import row as custom_row
from support.checks import Checks
from support.completions import completion_parts
from support.http_server import Answer, LocalServer, Received
from support.shipped import shipped_registry
from support.vendors import FORMATS, SAID, foundation_model, inference_profile, value_at

KEY = "key-0123456789abcdef"
TOKEN = "ya29.token-of-the-cloud"
PLACEHOLDER = re.compile(r"\{([A-Z0-9_]+)\}")
SHIPPED = [row for row in shipped_registry().all() if row.dialect not in OWN_COMPLETERS]
SPOKEN = {rule.dialect for row in SHIPPED for rule in (row, *row.dialect_rules)}
# A dialect that no shipped row speaks is for providers of the user's own.
OWN = [
    custom_row(f"own-{dialect}", dialect=dialect, base_url="https://own.example/v1", api_key_env_vars=("OWN_KEY",))
    for dialect in MODULES.keys() - SPOKEN - OWN_COMPLETERS
]
ROWS = [*SHIPPED, *sorted(OWN, key=lambda row: row.id)]
CASES = [
    (row, model)
    for row in ROWS
    for model in dict.fromkeys(
        [
            row.default_model or "some-model",
            *(rule.models.replace("*", "x").replace("[5-9]", "5") for rule in row.dialect_rules),
        ]
    )
]
case_checks, row_checks = Checks(), Checks()
SPARE_HEADERS = {"authorization", "x-api-key", "api-key", "x-goog-api-key"}


class World:
    """The whole stack but the wire to the client, with every row moved to a local server."""

    def __init__(self, account: Path) -> None:
        self.answer = Answer()
        self.server = LocalServer(self.behave)
        self.pool = HttpPool()
        self.dialects = DialectTable(lambda: ProviderClient(self.pool))
        self.ledger = MemoryLedger()
        rows = [self.moved(row) for row in ROWS]
        self.registry = Registry(rows)
        variables = {name: name.lower().replace("_", "-") for row in ROWS for name in PLACEHOLDER.findall(f"{row.base_url} {row.wire.chat_path} {row.headers} {[r.base_url for r in row.base_url_rules]}")}  # fmt: skip
        variables |= {row.api_key_env_vars[0]: KEY for row in ROWS if row.api_key_env_vars}
        self.variables = Variables(**variables)
        kept = KeptByVendors(**{row.id: Credential(provider=row.id, source="session", secret=Secret(KEY)) for row in ROWS if row.auth == "qwen"})  # fmt: skip
        _, self.connections = session(self.registry, self.variables, MemoryStore(), self.dialects, kept)
        self.completions = Completions(completion_parts(self.connections, self.dialects, self.ledger))

    def behave(self, request: Received) -> Answer:
        if request.path == "/token":
            return Answer(chunks=[json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode()])
        return self.answer

    def here(self, url: str | None, row: Provider) -> str | None:
        """An address on the local server with the path of the vendor's own."""
        return None if url is None else f"{self.server.url}/{row.id}{urlsplit(url).path}"

    def moved(self, row: Provider) -> Provider:
        base_url = self.here(row.base_url or "https://mine.example/v1", row)
        way = row.with_key and msgspec.structs.replace(row.with_key, base_url=self.here(row.with_key.base_url, row))
        return msgspec.structs.replace(
            row,
            base_url=base_url,
            base_url_rules=(),
            with_key=way,
            login=LogInWire(exchange_url=f"{self.server.url}/token"),
        )

    async def create(self, provider: str, model: str, **params: Any) -> tuple[Completion, Received]:
        read = convert({"provider": provider, "model": model, "prompt": "Hi"} | params, CreateCompletionParams)
        completion = await self.completions.create(read, RecordingListener(), Origin())
        # A request that another test has given up may arrive after it.
        return completion, next(sent for sent in reversed(self.server.requests) if sent.body)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A service account of Google Cloud, for the rows that log in with one."""
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("google") / "account.json"
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.delenv(name, raising=False)
        yield path


@pytest.fixture(scope="module")
async def world(account: Path) -> AsyncIterator[World]:
    made = World(account)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account.write_text(json.dumps({"type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": pem.decode(), "client_email": "r@p.example", "client_id": "1", "token_uri": f"{made.server.url}/token"}))  # fmt: skip  # noqa: ASYNC240
    yield made
    await made.pool.aclose()
    made.server.close()


def wire_of(row: Provider, model: str) -> Any:
    return wire_format(row, model, None, keyed=bool(row.api_key_env_vars))


def expected_path(row: Provider, model: str) -> str:
    """The path of a completion, as the vendor documents it."""
    wire = wire_of(row, model)
    base = (
        row.with_key.base_url if row.with_key and row.with_key.base_url else row.base_url or "https://mine.example/v1"
    )
    path = urlsplit(base).path.rstrip("/") + (wire.path or FORMATS[wire.dialect].path)
    path = path.replace("{modelId}", "{model}")
    path = PLACEHOLDER.sub(lambda match: value_of(match[1]), path)
    return f"/{row.id}" + path.replace(
        "{model}", quote(model, safe="@" if wire.dialect == "anthropic_messages" else "")
    )


def value_of(name: str) -> str:
    """The value that this test gives to a placeholder: its own name in small letters."""
    return name.lower().replace("_", "-")


def check_credential(row: Provider, model: str, headers: dict[str, str]) -> None:
    """The key stands in one header, in the form the vendor takes, and nowhere else."""
    wire = wire_of(row, model)
    own = FORMATS[wire.dialect].key_header
    name = (wire.key_header or own).lower()
    secret = KEY if row.api_key_env_vars or row.auth == "qwen" else TOKEN if row.auth == "google" else None
    if secret is not None:
        bearer = wire.bearer if wire.key_header else own == "authorization"
        assert headers[name] == (f"Bearer {secret}" if bearer else secret)
    carriers = {header for header, value in headers.items() if secret and secret in value}
    assert carriers == ({name} if secret else set())
    assert SPARE_HEADERS & set(headers) <= {name}


def check_body(row: Provider, model: str, request: Received) -> dict[str, Any]:
    body = json.loads(request.body)
    wire = wire_of(row, model)
    in_path = any("{model}" in (path or "") for path in (wire.path, FORMATS[wire.dialect].path))
    assert ("model" in body) is not in_path
    assert body.get("model", model) == model
    if in_path:
        assert model in unquote(request.path)
    return body


def test_every_wire_format_of_this_build_is_documented() -> None:
    missing = MODULES.keys() - FORMATS.keys() - OWN_COMPLETERS
    assert not missing, f"FORMATS in tests/support/vendors.py has no entry for {sorted(missing)}"


@case_checks
async def a_completion_arrives_as_the_vendor_takes_it(world: World, row: Provider, model: str) -> None:
    wire = wire_of(row, model)
    world.answer = Answer(chunks=FORMATS[wire.dialect].answer)
    completion, request = await world.create(row.id, model)
    assert (completion.text, completion.finish_reason, completion.provider, completion.model) == (
        SAID,
        "stop",
        row.id,
        model,
    )
    assert (completion.usage.input_tokens, completion.usage.output_tokens, completion.usage.estimated) == (7, 5, False)
    assert (request.method, request.path) == ("POST", expected_path(row, model))
    assert request.headers["content-type"] == "application/json"
    check_credential(row, model, request.headers)
    for name, template in row.headers.items():
        assert request.headers[name.lower()] == PLACEHOLDER.sub(lambda match: value_of(match[1]), template)
    check_body(row, model, request)
    assert set(json.loads(request.body)) >= set(row.wire.extra_body)


@case_checks
async def a_limit_goes_into_the_vendors_field(world: World, row: Provider, model: str) -> None:
    wire = wire_of(row, model)
    world.answer = Answer(chunks=FORMATS[wire.dialect].answer)
    _, request = await world.create(row.id, model, parameters={"max_tokens": 77})
    body = json.loads(request.body)
    if wire.dialect == "openai_chat":
        assert body[row.wire.max_tokens_field] == 77
        assert ({"max_tokens", "max_completion_tokens"} & set(body)) == {row.wire.max_tokens_field}
    else:
        assert value_at(body, FORMATS[wire.dialect].limit) == 77


@case_checks
async def what_a_vendor_refuses_is_never_sent(world: World, row: Provider, model: str) -> None:
    for name in row.wire.refused_parameters:
        before = len(world.server.requests)
        with pytest.raises(InvalidParams) as refused:
            await world.create(row.id, model, parameters={name: ["x"] if name == "stop" else 1})
        assert refused.value.field == f"parameters.{name}"
        assert len(world.server.requests) == before


@row_checks
async def a_key_that_is_refused_is_told_with_where_it_came_from(world: World, row: Provider) -> None:
    world.answer = Answer(401, chunks=[b'{"error": {"message": "no such key"}}'])
    with pytest.raises(RequestFailed) as failed:
        await world.create(row.id, row.default_model or "some-model")
    if row.api_key_env_vars or row.auth == "google":
        assert failed.value.kind == "auth_rejected"
    assert failed.value.provider == row.id
    if row.api_key_env_vars:
        assert row.api_key_env_vars[0] in failed.value.message
    assert KEY not in failed.value.message + str(failed.value.data())


@row_checks
async def connecting_asks_for_something_that_needs_the_key(world: World, row: Provider) -> None:
    listing = {"data": [{"id": "one"}], "models": [{"name": "models/one"}]}
    world.answer = Answer(chunks=[json.dumps(listing).encode()])
    before = len(world.server.requests)
    connection = await world.connections.connect(ConnectProviderParams(provider=row.id))
    requests = [request for request in world.server.requests[before:] if request.path != "/token"]
    assert connection.verified is bool(requests)
    for request in requests:
        assert request.method == "GET"
        assert request.path.startswith(f"/{row.id}/")
        check_credential(row, row.default_model or "some-model", request.headers)
    world.connections.disconnect(row.id)


# Rows whose models are listed on another host.
APART = [row for row in ROWS if row.wire.models_hosts]


@pytest.fixture
async def elsewhere(world: World, account: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-signs")
    return Elsewhere(world)


class Elsewhere:
    """The rows as they are but for TLS: the local server is the proxy in front of every host."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hosts = ProviderModels(ProviderClient(world.pool))

    def session(self, row: Provider, *, keyed: bool) -> Connections:
        registry = Registry([plain(row)], {row.id: Overrides(proxy=Secret(self.world.server.url))})
        key = {row.api_key_env_vars[0]: KEY} if keyed and row.api_key_env_vars else {}
        return session(registry, Variables(**key), MemoryStore(), self.world.dialects)[1]

    async def connect(self, row: Provider, *, keyed: bool = True, **params: Any) -> tuple[Connection, list[Received]]:
        before = len(self.world.server.requests)
        params = {"provider": row.id, **params}
        connection = await self.session(row, keyed=keyed).connect(ConnectProviderParams(**params))
        return connection, self.world.server.requests[before:]


def plain(row: Provider) -> Provider:
    return msgspec.structs.replace(row, base_url=(row.base_url or "").replace("https:", "http:"))


def lists_models(row: Provider) -> str:
    """Where the vendor documents that the models are listed, at the defaults of the row."""
    return {"bedrock": "http://bedrock.us-east-1.amazonaws.com/foundation-models"}[row.id]


every_row_apart = pytest.mark.parametrize("row", APART, ids=lambda row: row.id)


@every_row_apart
@pytest.mark.parametrize("keyed", [True, False])
async def test_the_host_that_lists_the_models_proves_the_credential(elsewhere: Elsewhere, row: Provider, keyed: bool) -> None:  # fmt: skip
    models = {"modelSummaries": [foundation_model("maker.plain-v1:0", "ON_DEMAND")]}
    elsewhere.world.answer = Answer(chunks=[json.dumps(models).encode()])
    connection, (request,) = await elsewhere.connect(row, keyed=keyed)
    assert (connection.verified, connection.model) == (True, row.default_model)
    assert (request.method, request.path) == ("GET", lists_models(row))
    if keyed:
        check_credential(row, row.default_model or "", request.headers)
    else:
        assert re.match(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d+/us-east-1/bedrock/", request.headers["authorization"])  # fmt: skip
    assert connection.base_url == (plain(row).base_url or "").replace("{AWS_REGION}", "us-east-1")


@every_row_apart
async def test_the_host_that_lists_the_models_lists_them(elsewhere: Elsewhere, row: Provider) -> None:
    bodies = {
        "modelSummaries": [foundation_model("maker.new-v1:0", "INFERENCE_PROFILE")],
        "inferenceProfileSummaries": [inference_profile("us.maker.new-v1:0", "maker.new-v1:0")],
    }
    elsewhere.world.answer = Answer(chunks=[json.dumps(bodies).encode()])
    before = len(elsewhere.world.server.requests)
    place = await elsewhere.session(row, keyed=True).endpoint(plain(row), None)
    listing = await elsewhere.hosts.models(place, None)
    assert listing is not None
    assert [model.id for model in listing.models] == ["us.maker.new-v1:0"]
    requests = elsewhere.world.server.requests[before:]
    assert {urlsplit(request.path).netloc for request in requests} == {urlsplit(lists_models(row)).netloc}
    for request in requests:
        check_credential(row, row.default_model or "", request.headers)


@every_row_apart
async def test_the_host_that_lists_the_models_refuses_a_wrong_credential(elsewhere: Elsewhere, row: Provider) -> None:
    for keyed, said in (
        (True, "Authentication failed: Please make sure your API Key is valid."),
        (False, "The security token included in the request is invalid."),
    ):
        elsewhere.world.answer = Answer(403, chunks=[json.dumps({"message": said}).encode()])
        with pytest.raises(RequestFailed) as failed:
            await elsewhere.connect(row, keyed=keyed)
        assert failed.value.kind == "auth_rejected"


@every_row_apart
async def test_who_may_not_list_the_models_is_connected_without_a_proof(elsewhere: Elsewhere, row: Provider) -> None:
    said = {"Message": "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:ListFoundationModels"}
    for status in (403, 429, 500):
        elsewhere.world.answer = Answer(status, chunks=[json.dumps(said).encode()])
        connection, requests = await elsewhere.connect(row)
        assert (connection.verified, connection.model, len(requests)) == (False, row.default_model, 1)


@every_row_apart
async def test_behind_an_address_of_ones_own_no_list_is_asked_for(elsewhere: Elsewhere, row: Provider) -> None:
    own = "http://bedrock-runtime.gateway.example"
    connection, requests = await elsewhere.connect(row, base_url=own, api_key=Secret(KEY))
    assert (connection.verified, connection.base_url, requests) == (False, own, [])


TOOL = {"name": "get_weather", "description": "Tells the weather.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}  # fmt: skip
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@case_checks
async def a_tool_arrives_in_the_formats_place(world: World, row: Provider, model: str) -> None:
    wire = wire_of(row, model)
    world.answer = Answer(chunks=FORMATS[wire.dialect].answer)
    places = FORMATS[wire.dialect]
    if places.tool is None:
        with pytest.raises(InvalidParams):
            await world.create(row.id, model, tools=[TOOL])
        return
    _, request = await world.create(row.id, model, tools=[TOOL])
    body = json.loads(request.body)
    assert value_at(body, places.tool)["name"] == TOOL["name"]
    assert value_at(body, places.tool_schema) == TOOL["parameters"]
    assert places.tool_type is None or value_at(body, places.tool_type) == "function"


@case_checks
async def a_schema_for_the_answer_arrives_in_the_formats_place_or_is_refused(world: World, row: Provider, model: str) -> None:  # fmt: skip
    wire = wire_of(row, model)
    world.answer = Answer(chunks=FORMATS[wire.dialect].answer)
    form = {"type": "jsonSchema", "schema": SCHEMA, "name": "place"}
    place = FORMATS[wire.dialect].answer_schema
    by_row = wire.dialect in ("openai_chat", "openai_responses") and "json_schema" not in row.wire.response_formats
    if place is None or by_row:
        with pytest.raises(InvalidParams) as refused:
            await world.create(row.id, model, responseFormat=form)
        assert refused.value.field == "responseFormat"
        return
    _, request = await world.create(row.id, model, responseFormat=form)
    value = value_at(json.loads(request.body), place)
    assert (json.loads(value) if isinstance(value, str) else value) == SCHEMA


EFFORT_PLACES = {
    "reasoning_effort": ("reasoning_effort",),
    "reasoning_object": ("reasoning", "effort"),
    "enable_thinking": ("enable_thinking",),
    "chat_template_kwargs": ("chat_template_kwargs", "enable_thinking"),
    "thinking_type": ("thinking", "type"),
    "think": ("think",),
}


@case_checks
async def an_effort_arrives_as_the_row_asks_for_it_or_is_refused(world: World, row: Provider, model: str) -> None:
    wire = wire_of(row, model)
    if wire.dialect != "openai_chat":
        return
    world.answer = Answer(chunks=FORMATS[wire.dialect].answer)
    if row.wire.reasoning_request is None:
        with pytest.raises(InvalidParams) as refused:
            await world.create(row.id, model, parameters={"reasoning_effort": "high"})
        assert refused.value.field == "parameters.reasoning_effort"
        return
    _, request = await world.create(row.id, model, parameters={"reasoning_effort": "high"})
    value = json.loads(request.body)
    for name in EFFORT_PLACES[row.wire.reasoning_request]:
        value = value[name]
    assert value in ("high", True, "enabled", "adaptive")


@pytest.mark.parametrize(("row", "model"), CASES, ids=[f"{row.id}-{model}" for row, model in CASES])
async def test_a_request_arrives_as_the_vendor_takes_it(world: World, row: Provider, model: str) -> None:
    await case_checks.wait(world, row, model)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
async def test_a_key_is_tried_and_a_refusal_told(world: World, row: Provider) -> None:
    await row_checks.wait(world, row)
