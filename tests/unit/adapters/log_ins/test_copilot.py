"""Copilot's tokens: exchanged, kept until shortly before their end, renewed when refused."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, Self

import msgspec
import pytest

from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.table import load_wire_format
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins import copilot
from modelport.adapters.models.host import ProviderModels
from modelport.adapters.operations.sender import Sender
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.request import HttpRequest, WireRequest
from modelport.domain.completions.keyless_answer import KeylessAnswer
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.connection import Endpoint
from modelport.domain.redaction import REDACTED
from support.builders import RecordingListener, call, credential, endpoint, row
from support.http_server import Answer, LocalServer, Received

APP_TOKEN = "ghu_0123456789abcdef"


class GitHub:
    """Gives tokens of a certain life and refuses the first answers' worth of them."""

    def __init__(self, life_s: float = 1800, refuse: int = 0, status: int = 200, reply: Any = None) -> None:
        self.exchanges: list[Received] = []
        self.calls: list[Received] = []
        self._life_s, self._refuse, self._status, self._reply = life_s, refuse, status, reply

    def __call__(self, request: Received) -> Answer:
        if request.path == "/token":
            self.exchanges.append(request)
            if self._status != 200 or self._reply is not None:
                return Answer(self._status, chunks=[json.dumps(self._reply or {"message": "Bad credentials"}).encode()])
            token = {"token": f"tid={len(self.exchanges)}", "expires_at": int(time.time() + self._life_s)}
            token["endpoints"] = {"api": f"http://{request.headers['host']}/business"}
            return Answer(chunks=[json.dumps(token).encode()])
        self.calls.append(request)
        if len(self.calls) <= self._refuse:
            return Answer(401, chunks=[b"token expired"])
        return Answer(chunks=[b"{}"])


class World:
    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.server = LocalServer(github)
        self.pool = HttpPool()
        self.exchange = ProviderClient(self.pool)

    async def call(self, token: str = APP_TOKEN, base_url: str | None = None) -> Received:
        own = f"{self.server.url}/individual"
        provider = row(
            "copilot",
            auth="copilot",
            base_url=own,
            login=LogInWire(exchange_url=f"{self.server.url}/token"),
            headers={"X-Version": "1"},
        )
        place = endpoint(provider, credential=credential(token))
        place = msgspec.structs.replace(place, base_url=base_url or own)
        async with self.exchange.post(place, "m", HttpRequest("/chat", {}, "Authorization")):
            return self.github.calls[-1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.aclose()
        self.server.close()


async def test_an_app_token_is_exchanged_once_and_used_at_the_address_that_came_with_it() -> None:
    async with World(GitHub()) as world:
        for _ in range(3):
            request = await world.call()
        assert (request.path, request.headers["authorization"]) == ("/business/chat", "Bearer tid=1")
        (exchange,) = world.github.exchanges
        assert (exchange.method, exchange.headers["authorization"]) == ("GET", f"token {APP_TOKEN}")
        assert exchange.headers["x-version"] == "1"


async def test_each_app_token_has_its_own() -> None:
    async with World(GitHub()) as world:
        assert (await world.call()).headers["authorization"] == "Bearer tid=1"
        assert (await world.call("ghu_another")).headers["authorization"] == "Bearer tid=2"
        assert (await world.call()).headers["authorization"] == "Bearer tid=1"


@pytest.mark.parametrize("token", ["gho_0123456789", "github_pat_0123456789", "tid=own;exp=1"])
async def test_any_other_token_is_sent_as_it_is(token: str) -> None:
    async with World(GitHub()) as world:
        request = await world.call(token)
        assert (request.path, request.headers["authorization"]) == ("/individual/chat", f"Bearer {token}")
        assert world.github.exchanges == []


async def test_an_address_of_the_users_own_is_kept() -> None:
    async with World(GitHub()) as world:
        assert (await world.call(base_url=f"{world.server.url}/mine")).path == "/mine/chat"


async def test_a_token_that_is_about_to_end_is_renewed_before_the_call() -> None:
    async with World(GitHub(life_s=0)) as world:
        await world.call()
        assert (await world.call()).headers["authorization"] == "Bearer tid=2"
        assert len(world.github.calls) == 2


@pytest.mark.parametrize("wrong_by_s", [-86400 * 3650, 86400 * 3650])
async def test_a_wrong_clock_of_this_machine_does_no_harm(wrong_by_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    true_time = time.time
    async with World(GitHub(life_s=1800)) as world:
        monkeypatch.setattr(copilot.time, "time", lambda: true_time() + wrong_by_s)
        for _ in range(2):
            assert (await world.call()).headers["authorization"] == "Bearer tid=1"
        assert len(world.github.exchanges) == 1


async def test_the_time_to_renew_counts_before_the_end() -> None:
    async with World(GitHub(reply={"token": "tid=1", "expires_at": 1, "refresh_in": 1500})) as world:
        await world.call()
        await world.call()
        assert len(world.github.exchanges) == 1


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({"endpoints": {"api": "https://api.business.example/"}}, "https://api.business.example"),
        ({"token": "tid=1;proxy-ep=proxy.individual.example;sku=x"}, "https://api.individual.example"),
        ({"token": "tid=1;proxy-ep=https://proxy.enterprise.example"}, "https://api.enterprise.example"),
        ({"endpoints": {"api": "javascript:alert(1)"}}, None),
        ({"endpoints": {"api": "http://elsewhere.example"}}, None),
        ({"token": "tid=1;sku=x", "endpoints": [1]}, None),
    ],
)
async def test_the_address_for_calls_is_what_the_service_names(fields: dict[str, Any], base_url: str | None) -> None:
    async with World(GitHub(reply={"token": "tid=1", "refresh_in": 1500} | fields)) as world:
        provider = row("copilot", auth="copilot", login=LogInWire(exchange_url=f"{world.server.url}/token"))
        place = endpoint(provider, credential=credential(APP_TOKEN))
        place = msgspec.structs.replace(place, base_url=provider.base_url or "")
        assert (await copilot.CopilotToken(world.pool).authenticate(place)).base_url == (base_url or place.base_url)


async def test_a_token_that_is_refused_is_renewed_and_the_call_is_made_once_more() -> None:
    async with World(GitHub(refuse=1)) as world:
        assert (await world.call()).headers["authorization"] == "Bearer tid=2"
        assert [call.headers["authorization"] for call in world.github.calls] == ["Bearer tid=1", "Bearer tid=2"]


async def test_a_token_that_stays_refused_is_an_error_and_no_endless_loop() -> None:
    async with World(GitHub(refuse=99)) as world:
        with pytest.raises(RequestFailed) as failed:
            await world.call()
        assert failed.value.kind == "auth_rejected"
        assert len(world.github.calls) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "auth_rejected"), (403, "forbidden"), (500, "provider_unavailable")]
)
async def test_an_exchange_that_is_refused_is_reported_without_the_token(status: int, kind: str) -> None:
    async with World(GitHub(status=status)) as world:
        with pytest.raises(RequestFailed) as failed:
            await world.call()
        assert failed.value.kind == kind
        assert APP_TOKEN not in str(failed.value.data()) + failed.value.message


@pytest.mark.parametrize("ends", [10**400, 10**30, 1e308, True])
async def test_a_token_that_ends_at_no_time_of_a_clock_is_used(ends: Any) -> None:
    async with World(GitHub(reply={"token": "tid=1", "expires_at": ends})) as world:
        assert (await world.call()).headers["authorization"] == "Bearer tid=1"


@pytest.mark.parametrize("reply", [{"token": 5}, {"token": "x"}, {"token": "x", "expires_at": "soon"}, [1], "text"])
async def test_an_odd_reply_is_no_token(reply: Any) -> None:
    async with World(GitHub(reply=reply)) as world:
        with pytest.raises(RequestFailed):
            await world.call()
        assert world.github.calls == []


TOKEN = "tid=9f8e7d6c5b4a39281706c5d4;exp=1790000000"


class Repeats(GitHub):
    """A service that repeats the token it gets, in whatever ``reply`` makes of it."""

    def __init__(self, reply: Callable[[str], bytes]) -> None:
        super().__init__()
        self._repeat = reply

    def __call__(self, request: Received) -> Answer:
        if request.path == "/token":
            answer = {"token": TOKEN, "expires_at": int(time.time() + 1800)}
            return Answer(chunks=[json.dumps(answer).encode()])
        body = self._repeat(request.headers["authorization"])
        kind = "text/event-stream" if body.startswith(b"data") else "application/json"
        return Answer(headers={"content-type": kind}, chunks=[body])


def event(value: object) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


@pytest.fixture
async def said(request: pytest.FixtureRequest) -> AsyncGenerator[tuple[World, Endpoint]]:
    world = World(Repeats(request.param))
    provider = row(
        "copilot", auth="copilot", base_url=world.server.url, login=LogInWire(exchange_url=f"{world.server.url}/token")
    )
    with world.server:
        yield world, msgspec.structs.replace(endpoint(provider), credential=credential(APP_TOKEN))
    await world.pool.aclose()


TEXT = {"choices": [{"index": 0, "delta": {"content": "It is {}, really."}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("said", [lambda given: event(TEXT).replace(b"{}", given.encode())], indirect=True)
async def test_an_answer_does_not_repeat_the_exchanged_token(said: tuple[World, Endpoint]) -> None:
    world, place = said
    asked = call(endpoint=place)
    answer = KeylessAnswer(RecordingListener(), asked)
    await HttpCompleter(load_wire_format("openai_chat"), world.exchange).complete(asked, answer)
    assert answer.whole_text() == f"It is Bearer {REDACTED}, really."


@pytest.mark.parametrize("said", [lambda given: event({"error": {"message": f"no {given}"}})], indirect=True)
async def test_an_error_in_a_stream_does_not_repeat_the_exchanged_token(said: tuple[World, Endpoint]) -> None:
    world, place = said
    asked = call(endpoint=place)
    answer = KeylessAnswer(RecordingListener(), asked)
    with pytest.raises(RequestFailed) as failed:
        await HttpCompleter(load_wire_format("openai_chat"), world.exchange).complete(asked, answer)
    assert REDACTED in failed.value.message
    assert "9f8e7d6c" not in failed.value.message


@pytest.mark.parametrize("said", [lambda given: json.dumps({"error": {"message": f"no {given}"}}).encode()], indirect=True)  # fmt: skip
async def test_an_error_of_an_operation_does_not_repeat_the_exchanged_token(said: tuple[World, Endpoint]) -> None:
    world, place = said
    with pytest.raises(RequestFailed) as failed:
        await Sender(world.exchange).post(place, "m", WireRequest("/embeddings", {}), read_vectors)
    assert REDACTED in failed.value.message
    assert "9f8e7d6c" not in failed.value.message


def read_vectors(body: bytes) -> None:
    raise ProviderRefused(json.loads(body)["error"])


@pytest.mark.parametrize("said", [lambda given: json.dumps({"data": [{"id": "good", "description": given}, {"id": given}]}).encode()], indirect=True)  # fmt: skip
async def test_a_list_of_models_does_not_repeat_the_exchanged_token(said: tuple[World, Endpoint]) -> None:
    world, place = said
    listing = await ProviderModels(world.exchange).models(place, None)
    assert listing is not None
    assert [model.id for model in listing.models] == ["good"]
    assert "9f8e7d6c" not in str(listing)
