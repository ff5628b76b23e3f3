"""Listing page by page, and Ollama's own requests, against a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.models.host import ProviderModels
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.errors import RequestFailed
from modelport.domain.models.listing import ListedModel, Listing, PullProgress
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import Secret
from support.builders import endpoint, row
from support.http_server import Answer, LocalServer, Received
from support.sse import JSON

Serve = Callable[[Callable[[Received], Answer]], LocalServer]


@pytest.fixture
async def host() -> AsyncIterator[ProviderModels]:
    pool = HttpPool()
    yield ProviderModels(ProviderClient(pool))
    await pool.aclose()


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[LocalServer] = []

    def start(behave: Callable[[Received], Answer]) -> LocalServer:
        running.append(LocalServer(behave))
        return running[-1]

    yield start
    for server in running:
        server.close()


def says(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {**JSON, **headers}, [json.dumps(value).encode()])


def lines(*values: Any) -> Answer:
    return Answer(
        headers={"Content-Type": "application/x-ndjson"}, chunks=[json.dumps(v).encode() + b"\n" for v in values]
    )


def at(server: LocalServer, dialect: str = "openai_chat", **changes: Any) -> Endpoint:
    provider = row("acme", dialect=dialect, connection_type="local" if dialect == "ollama" else "byok", **changes)
    return endpoint(provider, base_url=server.url)


def ids(listing: Listing | None) -> list[str]:
    assert listing is not None
    return [model.id for model in listing.models]


async def test_a_list_of_one_page_keeps_its_mark(host: ProviderModels, serve: Serve) -> None:
    def behave(request: Received) -> Answer:
        if request.headers.get("if-none-match") == '"1"':
            return Answer(304)
        return says({"data": [{"id": "a"}]}, ETag='"1"')

    server = serve(behave)
    first = await host.models(at(server), None)
    assert first == Listing(models=(ListedModel(id="a"),), etag='"1"')
    assert await host.models(at(server), first) is first
    assert await host.models(at(server), Listing(models=(), etag='"0"')) == first
    assert [request.path for request in server.requests] == ["/models"] * 3


@pytest.mark.parametrize(
    ("dialect", "first", "query"),
    [
        ("anthropic_messages", {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}, "after_id=a"),
        ("gemini", {"models": [{"name": "models/a"}], "nextPageToken": "t"}, "pageToken=t"),
    ],
)
async def test_pages_are_followed(host: ProviderModels, serve: Serve, dialect: str, first: Any, query: str) -> None:
    server = serve(lambda r: says({"data": [{"id": "b"}, {"id": "a"}]}) if query in r.path else says(first, ETag="x"))
    listing = await host.models(at(server, dialect), None)
    assert ids(listing) == ["a", "b"]
    assert listing is not None
    assert listing.etag is None, "a mark of the first page says nothing of the others"
    assert len(server.requests) == 2


async def test_pages_that_never_end_are_left(host: ProviderModels, serve: Serve) -> None:
    numbers = iter(range(10_000))
    endless = serve(lambda r: says({"models": [{"name": f"m{(n := next(numbers))}"}], "nextPageToken": f"t{n}"}))
    assert len(ids(await host.models(at(endless, "gemini"), None))) == 50
    circle = serve(lambda r: says({"models": [{"name": "a"}], "nextPageToken": "t"}))
    assert ids(await host.models(at(circle, "gemini"), None)) == ["a"]
    assert len(circle.requests) == 2


async def test_nothing_is_sent_for_a_row_that_lists_nothing(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: says({}))
    assert await host.models(at(server, wire={"models_path": ""}), None) is None
    assert server.requests == []


async def test_a_list_on_a_host_of_its_own_is_requested_there(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: says({"data": [{"id": "a"}]}))
    apart = {"wire": {"models_hosts": {"talk.cloud.example": "list"}}, "base_url": "http://talk.cloud.example"}
    place = msgspec.structs.replace(at(server, **apart), base_url="http://talk.cloud.example", proxy=Secret(server.url))
    assert ids(await host.models(place, None)) == ["a"]
    assert [(r.method, r.path) for r in server.requests] == [("GET", "http://list.cloud.example/models")]
    assert await host.models(msgspec.structs.replace(place, base_url="http://talk.proxy.example"), None) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("base_url", ["", "http://127.0.0.1:9"])
async def test_where_nothing_is_asked_over_http_the_row_has_examples(host: ProviderModels, base_url: str) -> None:
    made_up = endpoint(row("acme", dialect="mock", example_models=("one", "two")), base_url=base_url)
    assert ids(await host.models(made_up, None)) == ["one", "two"]


async def test_a_long_list(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: says({"data": [{"id": f"model-{n}", "context_length": n + 1} for n in range(5000)]}))
    listing = await host.models(at(server), None)
    assert listing is not None
    assert (len(listing.models), listing.models[-1].context_window) == (5000, 5000)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says({"error": {"message": "no", "code": "invalid_api_key"}}, 401), "auth_rejected"),
        (says({"error": "busy"}, 503), "provider_unavailable"),
        (Answer(chunks=[b"<html>hello</html>"]), "invalid_response"),
        (Answer(chunks=[b"nonsense"]), "invalid_response"),
        (Answer(304), "invalid_response"),
    ],
)
async def test_what_is_no_list_is_an_error(host: ProviderModels, serve: Serve, answer: Answer, kind: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        await host.models(at(serve(lambda r: answer)), None)
    assert failed.value.kind == kind


# Ollama


def ollama(request: Received) -> Answer:
    body = json.loads(request.body or b"{}")
    if request.path == "/api/tags":
        return says({"models": [{"name": "qwen3:8b", "digest": "d1"}, {"name": "odd", "digest": "d2"}]})
    if body.get("model") == "odd":
        return says({"error": "broken"}, 500)
    return says(
        {
            "capabilities": ["completion", "tools", "thinking", "vision", "insert"],
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960, "qwen3.block_count": 36},
        }
    )


async def test_the_capabilities_of_each_model_are_requested(host: ProviderModels, serve: Serve) -> None:
    listing = await host.models(at(serve(ollama), "ollama"), None)
    assert listing is not None
    assert listing.models == (
        ListedModel(
            id="qwen3:8b",
            context_window=40960,
            input_modalities=("text", "image"),
            tools=True,
            reasoning=True,
            capabilities=("fim",),
            revision="d1",
            detailed=True,
        ),
        ListedModel(id="odd", revision="d2"),
    )


async def test_what_has_not_changed_is_not_requested_again(host: ProviderModels, serve: Serve) -> None:
    server = serve(ollama)
    first = await host.models(at(server, "ollama"), None)
    assert await host.models(at(server, "ollama"), first) == first
    shown = [json.loads(r.body)["model"] for r in server.requests if r.path == "/api/show"]
    assert sorted(shown) == ["odd", "odd", "qwen3:8b"]


def test_only_servers_of_ones_own_download(serve: Serve) -> None:
    host = ProviderModels(ProviderClient(HttpPool()))
    server = serve(lambda r: says({}))
    assert host.pulls(at(server, "ollama"))
    assert not host.pulls(at(server, "openai_chat"))
    assert not host.pulls(endpoint(row("cloud", dialect="ollama")))


PULL = [
    {"status": "pulling manifest"},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 1000},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 1000, "completed": 500},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 1000, "completed": 501},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 1000, "completed": 1000},
    {"status": "pulling bbb", "digest": "sha256:bbb", "total": 1000, "completed": 400},
    {"status": "verifying sha256 digest"},
    {"status": "success"},
]


async def test_pull_adds_up_the_layers(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: lines(*PULL))
    told: list[PullProgress] = []
    await host.pull(at(server, "ollama"), "qwen3:8b", told.append)
    assert json.loads(server.requests[0].body) == {"model": "qwen3:8b", "stream": True}
    assert [(p.status, p.completed_bytes, p.total_bytes, p.percentage) for p in told] == [
        ("pulling manifest", 0, 0, None),
        ("pulling aaa", 0, 1000, 0),
        ("pulling aaa", 500, 1000, 50),
        ("pulling aaa", 1000, 1000, 100),
        ("pulling bbb", 1400, 2000, 70),
        ("verifying sha256 digest", 1400, 2000, 70),
        ("success", 1400, 2000, 70),
    ]


async def test_pull_reads_lines_cut_anywhere(host: ProviderModels, serve: Serve) -> None:
    whole = b"".join(json.dumps(line).encode() + b"\n" for line in PULL).rstrip()
    server = serve(lambda r: Answer(chunks=[whole[n : n + 7] for n in range(0, len(whole), 7)]))
    told: list[PullProgress] = []
    await host.pull(at(server, "ollama"), "qwen3:8b", told.append)
    assert told[-1].status == "success"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (lines({"error": "pull model manifest: file does not exist"}), "model_not_found", "file does not exist"),
        (
            lines({"status": "pulling manifest"}, {"error": "no space left on device"}),
            "provider_unavailable",
            "no space",
        ),
        (lines({"status": "pulling manifest"}), "stream_interrupted", "pull it again"),
        (Answer(chunks=[b'{"status":"pulling'], cut=True), "stream_interrupted", "pull it again"),
        (Answer(chunks=[b"<html>"]), "invalid_response", "web page"),
        (Answer(chunks=[b'{"status":"' + b"x" * 70_000]), "invalid_response", "without end"),
        (says({"error": "boom"}, 500), "provider_unavailable", "boom"),
        (says({"error": "not found"}, 404), "invalid_response", "not found"),
    ],
)
async def test_a_download_that_fails(host: ProviderModels, serve: Serve, answer: Answer, kind: str, words: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        await host.pull(at(serve(lambda r: answer), "ollama"), "qwen3:8b", lambda _: None)
    assert failed.value.kind == kind
    assert words in failed.value.message
    assert failed.value.model == "qwen3:8b"


async def test_cancelling_closes_the_connection(host: ProviderModels, serve: Serve) -> None:
    more = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield json.dumps(PULL[1]).encode() + b"\n"
        while not more.wait(0.01):
            yield b'{"status":"still"}\n'

    server = serve(lambda r: Answer(chunks=pieces()))
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(host.pull, at(server, "ollama"), "m", lambda _: tasks.cancel_scope.cancel())
        assert await anyio.to_thread.run_sync(server.closed_by_client.wait, 5)
    finally:
        more.set()


async def test_delete(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: Answer())
    await host.delete(at(server, "ollama"), "qwen3:8b")
    (request,) = server.requests
    assert (request.method, request.path, json.loads(request.body)) == ("DELETE", "/api/delete", {"model": "qwen3:8b"})


async def test_delete_a_missing_model(host: ProviderModels, serve: Serve) -> None:
    server = serve(lambda r: says({"error": "model 'x' not found"}, 404))
    with pytest.raises(RequestFailed) as failed:
        await host.delete(at(server, "ollama"), "x")
    assert (failed.value.kind, failed.value.http_status) == ("model_not_found", 404)
