"""Every row that offers more than chat, against a server that insists on the address, the key and the body.

A server in a provider's place cannot know the vendor's models, so it answers whatever fits the form; what it
checks is where the request goes, how it proves who it is, and that the fields the form demands are there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from modelport.adapters.dialects.table import OWN_COMPLETERS
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.operations.replies import placed
from modelport.adapters.operations.sender import Sender
from modelport.adapters.operations.table import HttpOperations
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import ModelCall
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import (
    CountCall,
    CreditCall,
    EmbeddingCall,
    ImageCall,
    ModerationCall,
    can,
    embeddings_wire,
    images_wire,
    moderation_wire,
)
from modelport.domain.providers.connection import Endpoint, wire_format
from modelport.domain.providers.rows import OWN_LOG_INS, Provider
from modelport.protocol.types import ImagePart, Message, TextPart
from support.builders import CANARY, credential, endpoint, row, user
from support.http_server import Answer, LocalServer, Received
from support.shipped import shipped_registry
from support.sse import JSON

ROWS = shipped_registry().all()
BASE = "/some/base/path"
BY_VALUE_ONLY = ("ollama", "bedrock_converse")
"""Dialects whose images are bytes. Source: Ollama API, Chat; Amazon Bedrock API reference, ImageSource."""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def rows(which: Callable[[Provider], bool]) -> Any:
    """The rows that are called over HTTP and offer something, as parameters."""
    chosen = [r for r in ROWS if which(r) and r.dialect != "mock"]
    return pytest.mark.parametrize("provider", chosen, ids=lambda provider: provider.id)


class Upstream:
    """A server that answers with one value, and what it was sent."""

    def __init__(self) -> None:
        self.reply: Any = {}
        self.status = 200
        self.server = LocalServer(self._behave)

    def _behave(self, request: Received) -> Answer:
        reply = self.reply(request) if callable(self.reply) else self.reply
        return Answer(self.status, JSON, [json.dumps(reply).encode()])

    @property
    def seen(self) -> Received:
        """The only request there was."""
        (request,) = self.server.requests
        return request

    @property
    def body(self) -> Any:
        return json.loads(self.seen.body)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    running = Upstream()
    yield running
    running.server.close()


@pytest.fixture
async def operations() -> AsyncIterator[HttpOperations]:
    pool = HttpPool()
    yield HttpOperations(Sender(ProviderClient(pool)))
    await pool.aclose()


def place(upstream: Upstream, provider: Provider) -> Endpoint:
    """The endpoint of a row at the server, with a key; a log-in of its own has a token already."""
    wire = wire_format(provider, None, None)
    return endpoint(
        provider,
        base_url=upstream.server.url + BASE,
        dialect=wire.dialect,
        credential=credential(provider=provider.id),
        chat_path=wire.path,
    )


def check_sender(upstream: Upstream, provider: Provider) -> None:
    """The key stands where the row says, once, and no path leaves the host."""
    request = upstream.seen
    if provider.auth in OWN_LOG_INS and provider.with_key is None:
        return
    wire = wire_format(provider, None, None)
    header = (wire.key_header or "Authorization").lower()
    assert request.headers[header] == (f"Bearer {CANARY}" if wire.bearer else CANARY)
    assert [name for name, value in request.headers.items() if CANARY in value] == [header]
    assert CANARY not in request.path
    assert CANARY.encode() not in request.body


def expected_path(path: str) -> str:
    """Where a row's path leads behind the base."""
    base, rest = placed("http://host" + BASE, path)
    return base.removeprefix("http://host") + rest


EMBEDDED = {
    "openai": {"data": [{"embedding": [0.5, 1.0]}, {"embedding": [0.25, 2.0]}]},
    "ollama": {"embeddings": [[0.5, 1.0], [0.25, 2.0]]},
    "cohere": {"embeddings": {"float": [[0.5, 1.0], [0.25, 2.0]]}},
    "gemini": {"embeddings": [{"values": [0.5, 1.0]}, {"values": [0.25, 2.0]}]},
    "vertex": {"predictions": [{"embeddings": {"values": v}} for v in ([0.5, 1.0], [0.25, 2.0])]},
}
LISTS = {"openai": "input", "ollama": "input", "cohere": "texts", "gemini": "requests", "vertex": "instances"}


@rows(lambda provider: can(provider, "embeddings") and provider.auth not in OWN_LOG_INS)
async def test_embeddings(operations: HttpOperations, upstream: Upstream, provider: Provider) -> None:
    asked = place(upstream, provider)
    wire = embeddings_wire(asked)
    assert wire is not None
    upstream.reply = EMBEDDED[str(wire.form)]
    call = EmbeddingCall(endpoint=asked, wire=wire, model=wire.default_model or "m", texts=("one", "two"))
    found = await operations.embed(call)
    assert found.vectors == ((0.5, 1.0), (0.25, 2.0))
    assert upstream.seen.method == "POST"
    assert len(upstream.body[LISTS[str(wire.form)]]) == 2
    if wire.path:
        assert upstream.seen.path == expected_path(wire.path)
    elif wire.form == "openai":
        assert upstream.seen.path == BASE + "/embeddings"
    if wire.form in ("openai", "ollama", "cohere"):
        assert upstream.body["model"] == call.model
    check_sender(upstream, provider)


@rows(lambda provider: can(provider, "images") and provider.auth not in OWN_LOG_INS)
async def test_images(operations: HttpOperations, upstream: Upstream, provider: Provider) -> None:
    asked = place(upstream, provider)
    wire = images_wire(asked)
    assert wire is not None
    upstream.reply = {
        "openai": {"data": [{"b64_json": PNG}]},
        "chat": {"choices": [{"message": {"images": [{"image_url": {"url": f"data:image/png;base64,{PNG}"}}]}}]},
        "gemini": {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}]}}]},
    }[str(wire.form)]
    drawn = await operations.draw(ImageCall(endpoint=asked, wire=wire, model="m", prompt="a harbour"))
    assert [(image.data, image.mime_type) for image in drawn.images] == [(PNG, "image/png")]
    assert "a harbour" in json.dumps(upstream.body)
    paths = {"openai": "/images/generations", "chat": "/chat/completions"}
    if str(wire.form) in paths:
        assert upstream.seen.path == expected_path(wire.path or asked.chat_path or paths[str(wire.form)])
    check_sender(upstream, provider)


@rows(lambda provider: can(provider, "moderation"))
async def test_moderations(operations: HttpOperations, upstream: Upstream, provider: Provider) -> None:
    asked = place(upstream, provider)
    wire = moderation_wire(asked)
    assert wire is not None
    upstream.reply = {"results": [{"categories": {"hate": True}}]}
    judged = await operations.moderate(ModerationCall(endpoint=asked, wire=wire, model="m", texts=("one",)))
    assert judged.judgements[0].flagged
    assert (upstream.seen.path, upstream.body) == (BASE + "/moderations", {"model": "m", "input": ["one"]})
    check_sender(upstream, provider)


@rows(lambda provider: provider.wire.token_count is not None and provider.auth not in OWN_LOG_INS)
async def test_token_counts(operations: HttpOperations, upstream: Upstream, provider: Provider) -> None:
    """Llama.cpp is asked twice: what its template makes of the messages, and for the tokens of that."""

    def reply(request: Received) -> Any:
        if request.path.endswith("/apply-template"):
            return {"prompt": "<|user|>Hello"}
        return {"input_tokens": 3, "totalTokens": 3, "count": 3, "tokens": [1, 2, 3], "data": {"total_tokens": 3}}

    upstream.reply = reply
    call = CountCall(endpoint=place(upstream, provider), model="m", messages=(user("Hello"),))
    found = await operations.count(call)
    wire = provider.wire.token_count
    assert found is not None
    assert wire is not None
    assert (found.input, found.estimated) == (3, wire.estimates)
    first, last = upstream.server.requests[0], upstream.server.requests[-1]
    assert b"Hello" in first.body
    assert b"Hello" in last.body
    assert not {"stream", "max_tokens"} & json.loads(first.body).keys()
    upstream.server.requests[:] = [last]
    check_sender(upstream, provider)


async def test_blank_text_is_not_sent_to_be_counted(operations: HttpOperations, upstream: Upstream) -> None:
    provider = shipped_registry().get("anthropic")
    call = CountCall(endpoint=place(upstream, provider), model="m", messages=(user(" \n"),))
    assert await operations.count(call) is None
    assert upstream.server.requests == []


@rows(lambda provider: bool(provider.wire.credits))
async def test_credit(operations: HttpOperations, upstream: Upstream, provider: Provider) -> None:
    way = provider.wire.credits[0]
    upstream.reply = reply_of(way)
    credit = await operations.credit(CreditCall(place(upstream, provider)))
    assert credit.scope == way.scope
    (balance,) = credit.balances
    assert balance.currency == way.currency
    known = {balance.remaining, balance.total, balance.used} - {None}
    assert known
    assert all(isinstance(micros, int) for micros in known)
    assert (upstream.seen.method, upstream.seen.path) == ("GET", expected_path(way.path))
    check_sender(upstream, provider)


def reply_of(way: Any) -> Any:
    """A reply with a number wherever the way says there is one."""
    reply: dict[str, Any] = {}
    fields = {way.remaining: "4.5", way.total: 6, way.used: 1.5, way.currency_field: way.currency}
    for path, value in fields.items():
        if path:
            *folders, name = path.split(".")
            inner = reply
            for folder in folders:
                inner = inner.setdefault(folder, {})
            inner[name] = value
    return {way.balances: [reply]} if way.balances else reply


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_key_that_may_not_see_the_account_tells_its_own_limit(
    operations: HttpOperations, upstream: Upstream, status: int
) -> None:
    provider = next(r for r in ROWS if len(r.wire.credits) > 1)
    limits = {"data": {"limit": 10, "limit_remaining": 7.5, "usage": 2.5}}
    with LocalServer(
        lambda request: Answer(
            200 if request.path.endswith("/key") else status,
            JSON,
            [json.dumps(limits if request.path.endswith("/key") else {"error": {"message": "no"}}).encode()],
        )
    ) as server:
        credit = await operations.credit(CreditCall(endpoint(provider, base_url=server.url)))
    assert credit.scope == "key"
    assert (credit.balances[0].remaining, credit.balances[0].total) == (7_500_000, 10_000_000)
    assert [request.path for request in server.requests] == ["/credits", "/key"]


async def test_a_provider_that_is_down_is_not_asked_elsewhere(operations: HttpOperations, upstream: Upstream) -> None:
    provider = next(r for r in ROWS if len(r.wire.credits) > 1)
    upstream.status, upstream.reply = 503, {"error": {"message": "busy"}}
    with pytest.raises(RequestFailed) as failed:
        await operations.credit(CreditCall(endpoint(provider, base_url=upstream.server.url)))
    assert failed.value.kind == "provider_unavailable"
    assert len(upstream.server.requests) == 1


# What goes wrong is told as it is for completions.


def embedding(upstream: Upstream, **changes: Any) -> EmbeddingCall:
    asked = endpoint(row(), base_url=upstream.server.url, **changes)
    wire = embeddings_wire(asked)
    assert wire is not None
    return EmbeddingCall(endpoint=asked, wire=wire, model="m", texts=("one",))


@pytest.mark.parametrize(
    ("status", "reply", "kind"),
    [
        (401, {"error": {"message": f"bad key {CANARY}"}}, "auth_rejected"),
        (404, {"error": {"message": "The model m does not exist"}}, "model_not_found"),
        (429, {"error": {"message": "slow down"}}, "rate_limited"),
        (500, {}, "provider_unavailable"),
        (200, {"error": {"message": "overloaded"}}, "provider_unavailable"),
        (200, {"data": []}, "invalid_response"),
        (200, "hello", "invalid_response"),
    ],
)
async def test_refusals(operations: HttpOperations, upstream: Upstream, status: int, reply: Any, kind: str) -> None:
    upstream.status, upstream.reply = status, reply
    with pytest.raises(RequestFailed) as failed:
        await operations.embed(embedding(upstream))
    assert failed.value.kind == kind
    assert (failed.value.provider, failed.value.model) == ("acme", "m")
    assert failed.value.message.endswith((".", "?"))
    assert CANARY not in failed.value.message


async def test_a_reply_that_breaks_off(operations: HttpOperations) -> None:
    with LocalServer(lambda _: Answer(200, JSON, [b'{"data": [{"embedding"'], cut=True)) as server:
        asked = endpoint(row(), base_url=server.url)
        wire = embeddings_wire(asked)
        assert wire is not None
        with pytest.raises(RequestFailed) as failed:
            await operations.embed(EmbeddingCall(endpoint=asked, wire=wire, model="m", texts=("one",)))
    assert failed.value.kind == "stream_interrupted"


async def test_a_long_reply_in_small_pieces(operations: HttpOperations) -> None:
    vector = [number / 7 for number in range(20_000)]
    whole = json.dumps({"data": [{"embedding": vector}]}).encode()
    pieces = [whole[at : at + 7001] for at in range(0, len(whole), 7001)]
    with LocalServer(lambda _: Answer(200, JSON, pieces)) as server:
        asked = endpoint(row(), base_url=server.url)
        wire = embeddings_wire(asked)
        assert wire is not None
        found = await operations.embed(EmbeddingCall(endpoint=asked, wire=wire, model="m", texts=("one",)))
    assert found.vectors == (tuple(vector),)


@pytest.mark.parametrize("status", [404, 405])
async def test_a_gateway_that_does_not_count_leaves_it_to_an_estimate(
    operations: HttpOperations, upstream: Upstream, status: int
) -> None:
    provider = next(r for r in ROWS if r.wire.token_count is not None and r.wire.token_count.form == "anthropic")
    upstream.status, upstream.reply = status, {"detail": "Not Found"}
    call = CountCall(endpoint=place(upstream, provider), model="m", messages=(user(),))
    assert await operations.count(call) is None


async def test_a_count_that_fails_otherwise_is_an_error(operations: HttpOperations, upstream: Upstream) -> None:
    provider = next(r for r in ROWS if r.wire.token_count is not None and r.wire.token_count.form == "anthropic")
    upstream.status, upstream.reply = 200, "no count"
    call = CountCall(endpoint=place(upstream, provider), model="m", messages=(user(),))
    with pytest.raises(RequestFailed) as failed:
        await operations.count(call)
    assert failed.value.kind == "invalid_response"


async def test_a_model_that_is_not_there_is_no_matter_for_an_estimate(
    operations: HttpOperations, upstream: Upstream
) -> None:
    provider = next(r for r in ROWS if r.wire.token_count is not None and r.wire.token_count.form == "anthropic")
    upstream.status, upstream.reply = 404, {"error": {"message": "model: m", "type": "not_found_error"}}
    call = CountCall(endpoint=place(upstream, provider), model="m", messages=(user(),))
    with pytest.raises(RequestFailed) as failed:
        await operations.count(call)
    assert failed.value.kind == "model_not_found"


async def test_llama_cpps_template_has_no_place_for_images(operations: HttpOperations, upstream: Upstream) -> None:
    provider = next(r for r in ROWS if r.wire.token_count is not None and r.wire.token_count.form == "llama_cpp")
    message = user([TextPart(text="What is this?"), ImagePart(data=PNG, mime_type="image/png")])
    assert await operations.count(CountCall(endpoint=place(upstream, provider), model="m", messages=(message,))) is None
    assert upstream.server.requests == []


async def test_images_one_by_one_where_a_request_makes_one(operations: HttpOperations, upstream: Upstream) -> None:
    provider = next(r for r in ROWS if r.wire.images is not None and r.wire.images.form == "chat")
    asked = place(upstream, provider)
    wire = images_wire(asked)
    assert wire is not None
    upstream.reply = {
        "choices": [{"message": {"images": [{"image_url": {"url": "https://x.example/1"}}]}}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 5},
    }
    drawn = await operations.draw(ImageCall(endpoint=asked, wire=wire, model="m", prompt="a harbour", count=3))
    assert (len(drawn.images), drawn.input_tokens, drawn.output_tokens) == (3, 6, 15)
    assert len(upstream.server.requests) == 3


# Every dialect of a row that sees takes images, by value and, unless it cannot, by address.


@rows(lambda provider: "vision" in provider.capabilities and provider.dialect not in OWN_COMPLETERS)
async def test_vision(provider: Provider) -> None:
    pool = HttpPool()
    wire = wire_format(provider, None, None)
    dialect = await Sender(ProviderClient(pool)).wire(wire.dialect)

    def sent(part: ImagePart) -> str:
        message = Message(role="user", content=(TextPart(text="What is this?"), part))
        asked = endpoint(provider, base_url="https://x.example")
        return json.dumps(dialect.request(ModelCall(endpoint=asked, model="m", messages=(message,))).body, default=repr)

    assert PNG in sent(ImagePart(data=PNG, mime_type="image/png"))
    assert PNG in sent(ImagePart(url=f"data:image/png;base64,{PNG}"))
    by_address = ImagePart(url="https://x.example/1.png")
    if provider.dialect in BY_VALUE_ONLY:
        with pytest.raises(InvalidParams):
            sent(by_address)
    else:
        assert by_address.url in sent(by_address)
    await pool.aclose()
