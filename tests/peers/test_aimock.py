"""Every wire format against aimock, an independent implementation of the vendors' interfaces.

What aimock does not do as the vendors do (usage counts, thinking signatures, ids of Ollama's tool
calls) is not asserted here; the recordings are the truth about those.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.checks import together
from support.peers import Aimock
from support.server_process import ServerProcess

FIXTURES = Path(__file__).with_name("aimock_fixtures.json")
RIGHT_KEY = "the-right-key-0123456789"
WRONG_KEY = "the-wrong-key-9876543210"
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
WEATHER = {
    "name": "get_weather",
    "description": "The weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TIME = {"name": "get_time", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}


@dataclass(frozen=True)
class Wire:
    """A provider and the wire format to use."""

    name: str
    provider: str
    path: str
    """The path of the base URL."""
    calls: str
    """The path of completions."""
    key_header: str
    key_variable: str | None
    tokens_field: str
    """The field aimock's journal shows the limit in: the vendor's own for Chat Completions, else ``max_tokens``."""
    dialect: str | None = None
    counts: bool = True
    """Whether aimock can give counts in this format."""
    reasons: bool = True
    """Whether aimock reasons as the vendor does in this format."""
    plans: bool = False
    """Whether tool calls come with a plan, which is reasoning."""
    lists: bool = True
    """Whether aimock lists the models where the vendor does."""
    checks: bool = True
    """Whether the vendor has a request that only checks a key."""

    def connection(self, url: str) -> dict[str, Any]:
        place = {"provider": self.provider, "baseUrl": url + self.path, "dialect": self.dialect}
        return place if self.lists else {**place, "verify": False}


WIRES = [
    Wire(
        "openai_chat",
        "openai",
        "/v1",
        "/v1/chat/completions",
        "authorization",
        "OPENAI_API_KEY",
        "max_completion_tokens",
        dialect="openai_chat",
    ),
    Wire(
        "openai_compatible",
        "openai-compatible",
        "/v1",
        "/v1/chat/completions",
        "authorization",
        "OPENAI_COMPATIBLE_API_KEY",
        "max_tokens",
    ),
    Wire(
        "openai_responses",
        "openai",
        "/v1",
        "/v1/responses",
        "authorization",
        "OPENAI_API_KEY",
        "max_tokens",
        dialect="openai_responses",
    ),
    Wire("anthropic_messages", "anthropic", "", "/v1/messages", "x-api-key", "ANTHROPIC_API_KEY", "max_tokens"),
    Wire(
        "gemini",
        "gemini",
        "",
        "/v1beta/models/some-model:streamGenerateContent?alt=sse",
        "x-goog-api-key",
        "GEMINI_API_KEY",
        "max_tokens",
        lists=False,
    ),
    Wire(
        "cohere_chat",
        "cohere",
        "",
        "/v2/chat",
        "authorization",
        "COHERE_API_KEY",
        "max_tokens",
        dialect="cohere_chat",
        reasons=False,
        plans=True,
    ),
    Wire(
        "bedrock_converse",
        "bedrock",
        "",
        "/model/some-model/converse-stream",
        "authorization",
        "AWS_BEARER_TOKEN_BEDROCK",
        "max_tokens",
        lists=False,
        checks=False,
    ),
    Wire("ollama", "ollama", "", "/api/chat", "authorization", None, "max_tokens", counts=False, reasons=False),
]
KEYED = [wire for wire in WIRES if wire.key_variable]


class Peer:
    """A Modelport server that is connected to aimock, and the requests of one test."""

    numbers = itertools.count(1)

    def __init__(self, server: ServerProcess, aimock: Aimock, wire: Wire) -> None:
        self.server = server
        self.aimock = aimock
        self.wire = wire
        self.test_id = f"{wire.name}-{next(self.numbers)}"
        self.model = f"some-model-{self.test_id}"
        """Of this test alone: a model that has failed rests for a while, with any key."""
        self.connect()

    def connect(self, **more: Any) -> dict[str, Any]:
        """Connects under this test's id, so that the journal and the failures are this test's own.

        So is the key: one without credit rests with any model.
        """
        params = {"apiKey": f"{RIGHT_KEY}-{self.test_id}", "headers": {"X-Test-Id": self.test_id}, **more}
        return self.server.result("provider/connect", {**self.wire.connection(self.aimock.url), **params})

    def ask(self, prompt: str | None, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The reply to a streamed completion, and its updates."""
        stream = f"stream-{next(self.numbers)}"
        params = {"provider": self.wire.provider, "model": self.model, "prompt": prompt, "streamId": stream}
        reply = self.server.request("completion/create", {**params, **more})
        notes = self.server.claim("completion/update")
        assert [note["seq"] for note in notes] == list(range(len(notes)))
        assert {note["streamId"] for note in notes} <= {stream}
        return reply, [note["update"] for note in notes]

    def completion(self, prompt: str | None, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        reply, updates = self.ask(prompt, **more)
        assert "result" in reply, reply
        assert reply["result"]["text"] == joined(updates, "text")
        assert reply["result"]["reasoning"] == joined(updates, "reasoning")
        return reply["result"], updates

    def failure(self, prompt: str, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        reply, updates = self.ask(prompt, **more)
        error = reply.get("error")
        assert error, reply
        assert error["code"] == -32803, error
        assert error["message"].count("\n") == 0
        assert RIGHT_KEY not in str(reply)
        return error, updates

    def sent(self) -> dict[str, Any]:
        """The one completion request aimock has seen in this test."""
        (entry,) = self.all_sent()
        return entry

    def all_sent(self) -> list[dict[str, Any]]:
        """The completion requests aimock has seen in this test."""
        entries = [entry for entry in self.aimock.journal(self.test_id) if entry["method"] == "POST"]
        assert {entry["path"] for entry in entries} <= {self.wire.calls.replace("some-model", self.model)}
        return entries


def joined(updates: list[dict[str, Any]], kind: str) -> str:
    return "".join(update["text"] for update in updates if update["kind"] == kind)


@pytest.fixture(scope="session")
def aimock() -> Iterator[Aimock]:
    with Aimock(FIXTURES) as running:
        yield running


@pytest.fixture(scope="session")
def locked_aimock() -> Iterator[Aimock]:
    """One that requires a key."""
    with Aimock(FIXTURES, keys=[RIGHT_KEY]) as running:
        yield running


def running_server(folders: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    env = {"MODELPORT_DATA_DIR": str(folders.mktemp("data")), **NO_KEYRING, "NO_PROXY": "*"}
    with ServerProcess(env=env) as running:
        running.initialize()
        yield running
        assert running.close() == 0


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from running_server(tmp_path_factory)


@pytest.fixture(params=WIRES, ids=lambda wire: wire.name)
def peer(request: pytest.FixtureRequest, shared_server: ServerProcess, aimock: Aimock) -> Iterator[Peer]:
    shared_server.unclaimed.clear()
    yield Peer(shared_server, aimock, request.param)
    shared_server.claim("usage/updated")
    shared_server.claim("status/changed")
    assert shared_server.unclaimed == []


# Answers.


def test_text_is_streamed(peer: Peer) -> None:
    completion, updates = peer.completion("tell a story")
    assert completion["text"] == 'Once upon a time, a naïve fox 🦊 in 東京 said:\n\n"Hello".\tThe end.'
    assert completion["finishReason"] == "stop"
    assert completion["provider"] == peer.wire.provider
    assert completion["toolCalls"] == []
    assert {update["kind"] for update in updates} == {"text"}
    # Deltas that wait for a busy machine are merged.
    assert len(updates) > 1
    if peer.wire.counts:
        assert not completion["usage"]["estimated"]
        assert completion["usage"]["outputTokens"] == 23
        # aimock gives Anthropic's input count in another place than Anthropic does.
        if peer.wire.name != "anthropic_messages":
            assert completion["usage"]["inputTokens"] == 11


def test_the_first_delta_does_not_wait_for_the_last(peer: Peer) -> None:
    usage = peer.completion("take your time")[0]["usage"]
    assert usage["timeToFirstTokenMs"] < usage["latencyMs"] - 150


def test_reasoning(peer: Peer) -> None:
    if peer.wire.name == "cohere_chat":
        pytest.skip("aimock says as text what Cohere says as thinking")
    completion, updates = peer.completion("think first")
    assert completion["text"] == "It is 42."
    if peer.wire.reasons:
        assert completion["reasoning"] == "Six by seven. Let me count."
        kinds = [update["kind"] for update in updates]
        assert kinds == sorted(kinds), "reasoning comes before the text"


def test_tools_called_in_parallel_and_answered(peer: Peer) -> None:
    prompt = "weather in two cities"
    completion, updates = peer.completion(prompt, tools=[WEATHER, TIME])
    assert completion["finishReason"] == "toolCalls"
    first, second = completion["toolCalls"]
    assert first["name"] == "get_weather"
    assert first["arguments"] == {"city": "Zürich", "days": [1, 2], "deep": {"a": None}}
    assert second["name"] == "get_time"
    assert second["arguments"] == {"zone": "Asia/Tokyo"}
    assert first["id"]
    assert first["id"] != second["id"]
    calls = [update for update in updates if update["kind"] == "toolCall"]
    assert {update["kind"] for update in updates} == {"toolCall"} | ({"reasoning"} if peer.wire.plans else set())
    assert {update["index"] for update in calls} == {0, 1}
    for index, call in enumerate((first, second)):
        own = [update for update in calls if update["index"] == index]
        assert [update["name"] for update in own if "name" in update] == [call["name"]]
    sent = peer.sent()["body"]
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["get_weather", "get_time"]
    # Of Gemini's two fields for the parameters aimock knows only the one that cannot hold a whole JSON schema.
    schema = None if peer.wire.name == "gemini" else WEATHER["parameters"]
    assert sent["tools"][0]["function"].get("parameters") == schema

    peer.test_id += "-answered"
    peer.connect()
    results = [{"role": "tool", "toolCallId": call["id"], "content": "21 degrees"} for call in (first, second)]
    messages = [
        {"role": "user", "content": prompt},
        {
            "role": "assistant",
            "content": "",
            "toolCalls": completion["toolCalls"],
            "providerState": completion.get("providerState"),
        },
        *results,
    ]
    answer, _ = peer.completion(None, messages=messages, tools=[WEATHER, TIME])
    assert answer["text"] == "It is 21 degrees in both."
    assert answer["finishReason"] == "stop"
    history = peer.sent()["body"]["messages"]
    # Responses has an item for each call, the others one message with all of them.
    asked = [call for message in history if message["role"] == "assistant" for call in message.get("tool_calls") or ()]
    assert [call["function"]["name"] for call in asked] == ["get_weather", "get_time"]
    answered = [message for message in history if message["role"] == "tool"]
    # Gemini takes a result as an object.
    result = '{"output":"21 degrees"}' if peer.wire.name == "gemini" else "21 degrees"
    assert [message["content"] for message in answered] == [result, result]
    if peer.wire.name != "ollama":
        ids = [first["id"], second["id"]]
        assert [call["id"] for call in asked] == ids
        assert [message["tool_call_id"] for message in answered] == ids


def test_text_before_a_tool_call(peer: Peer) -> None:
    completion, updates = peer.completion("say it and call it", tools=[WEATHER])
    assert completion["text"] == "Let me look."
    assert [call["arguments"] for call in completion["toolCalls"]] == [{"city": "Paris"}]
    assert completion["finishReason"] == "toolCalls"
    kinds = [update["kind"] for update in updates if update["kind"] != "reasoning"]
    assert kinds == sorted(kinds), "text comes before the call"


def test_system_message_arrives(peer: Peer) -> None:
    completion, _ = peer.completion("answer as told", system="You speak like a pirate.")
    assert completion["text"] == "Arr!"


def test_twenty_streams_at_once(peer: Peer) -> None:
    server = peer.server
    requests = [
        server.begin(
            "completion/create",
            {
                "provider": peer.wire.provider,
                "model": peer.model,
                "prompt": "take your time",
                "streamId": f"{peer.test_id}-{number}",
            },
        )
        for number in range(20)
    ]
    results = [server.reply(request)["result"] for request in requests]
    notes = server.claim("completion/update")
    for number, result in enumerate(results):
        own = [note for note in notes if note["streamId"] == f"{peer.test_id}-{number}"]
        assert [note["seq"] for note in own] == list(range(len(own)))
        assert joined([note["update"] for note in own], "text") == result["text"]
        assert result["text"] == "one two three four five six seven eight nine ten eleven twelve"


# Requests.


def test_what_is_sent(peer: Peer) -> None:
    peer.completion("tell a story", parameters={"max_tokens": 50, "temperature": 0.5})
    entry = peer.sent()
    body, headers = entry["body"], entry["headers"]
    assert body["stream"] is True
    assert body["model"] == peer.model
    assert body[peer.wire.tokens_field] == 50
    assert {"max_tokens", "max_completion_tokens"} & set(body) == {peer.wire.tokens_field}
    assert body["temperature"] == 0.5
    assert body["messages"] == [{"role": "user", "content": "tell a story"}]
    assert "tools" not in body or body["tools"] is None
    assert headers["content-type"] == "application/json"
    assert headers["x-test-id"] == peer.test_id
    if peer.wire.calls == "/v1/chat/completions":
        assert body["stream_options"] == {"include_usage": True}


def test_the_key_is_sent_in_one_place_only(peer: Peer) -> None:
    peer.completion("tell a story")
    headers = peer.sent()["headers"]
    places = {"authorization", "x-api-key", "api-key", "x-goog-api-key"} & set(headers)
    assert places == {peer.wire.key_header}


def test_nothing_else_of_the_environment_is_sent(aimock: Aimock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendors' clients read variables of their own, which may hold values for another address only."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "for-another-address")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Gateway-Token: for-another-address")
    with ServerProcess() as server, together() as failures:
        server.initialize()
        for wire in KEYED:
            with failures.of(wire.name):
                peer = Peer(server, aimock, wire)
                peer.completion("tell a story")
                headers = peer.sent()["headers"]
                assert {name: value for name, value in headers.items() if value == "for-another-address"} == {}
        assert server.close() == 0


def test_anthropic_gets_a_limit_and_a_version(shared_server: ServerProcess, aimock: Aimock) -> None:
    peer = Peer(shared_server, aimock, next(wire for wire in WIRES if wire.provider == "anthropic"))
    peer.completion("tell a story")
    entry = peer.sent()
    assert entry["body"]["max_tokens"] > 1000
    assert entry["headers"]["anthropic-version"] == "2023-06-01"


def test_connecting_sends_a_request(peer: Peer) -> None:
    if not peer.wire.lists:
        pytest.skip("aimock does not list this vendor's models")
    connection = peer.connect()
    assert connection["verified"]
    assert connection["latencyMs"] > 0
    assert connection["credential"]["source"] == "session"


# Refusals.


def test_rate_limit(peer: Peer) -> None:
    # The wait is more than a quarter of the time.
    error, updates = peer.failure("too fast", timeoutMs=20_000)
    data = error["data"]
    assert data["kind"] == "rate_limited"
    assert data["retryAfterMs"] == 7000
    assert data["httpStatus"] == 429
    assert data["retryable"] is True
    assert data["provider"] == peer.wire.provider
    assert "7 s" in error["message"]
    assert updates == []


def test_quota_is_not_a_rate_limit(peer: Peer) -> None:
    data = peer.failure("out of money")[0]["data"]
    assert data["kind"] == "quota_exhausted"
    assert data["retryable"] is False


def test_overloaded(peer: Peer) -> None:
    data = peer.failure("too busy")[0]["data"]
    assert data["kind"] == "provider_unavailable"
    assert data["retryable"] is True


def test_a_failure_that_may_pass_is_met_once_more(peer: Peer) -> None:
    _, updates = peer.failure("too busy")
    assert [update["kind"] for update in updates] == ["attempt"]
    assert len(peer.all_sent()) == 2


def test_a_rate_limit_is_not_asked_again_at_once(peer: Peer) -> None:
    peer.failure("too fast", timeoutMs=20_000)
    assert len(peer.all_sent()) == 1


def test_failover_to_another_format(peer: Peer) -> None:
    other = next(wire for wire in WIRES if wire.provider not in (peer.wire.provider, "ollama"))
    fallback = Peer(peer.server, peer.aimock, other).model
    peer.connect()
    peer.aimock.trouble(peer.test_id, rateLimitRate=1)
    completion, updates = peer.completion("tell a story", fallbacks=[f"{other.provider}/{fallback}"])
    assert completion["provider"] == other.provider
    assert completion["text"].startswith("Once upon")
    assert [attempt["outcome"] for attempt in completion["attempts"]] == ["failed", "ok"]
    assert updates[0]["kind"] == "attempt"
    assert updates[0]["reason"] == "rate_limited"


@pytest.fixture(scope="module")
def wrongly_keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that finds a key that aimock refuses for each provider."""
    keys = {wire.key_variable: WRONG_KEY for wire in KEYED if wire.key_variable}
    env = {"MODELPORT_DATA_DIR": str(tmp_path_factory.mktemp("data")), **NO_KEYRING, **keys}
    with ServerProcess(env=env) as running:
        running.initialize()
        yield running
        assert running.close() == 0


@pytest.mark.parametrize("wire", [wire for wire in KEYED if wire.checks], ids=lambda wire: wire.name)
def test_wrong_key_says_where_it_came_from(wire: Wire, locked_aimock: Aimock, wrongly_keyed: ServerProcess) -> None:
    assert wire.key_variable is not None
    connection = wire.connection(locked_aimock.url)
    server = wrongly_keyed
    try:
        refusal = server.error("provider/connect", {**connection, "verify": True})
        assert refusal["data"]["kind"] == "auth_rejected"
        assert wire.key_variable in refusal["message"]
        assert server.result("provider/status")["active"] is None
        server.result("provider/connect", {**connection, "verify": False})
        ask = {"provider": wire.provider, "model": "some-model", "prompt": "tell a story"}
        for error in (
            server.error("completion/create", ask),
            server.error("provider/connect", {**connection, "apiKey": WRONG_KEY + "2", "verify": True}),
        ):
            assert error["code"] == -32803
            assert error["data"]["kind"] == "auth_rejected"
            assert error["data"]["httpStatus"] == 401
            assert error["data"]["retryable"] is False
            assert WRONG_KEY not in str(error)
        assert "session" in error["message"]
        server.result("provider/connect", {**connection, "apiKey": RIGHT_KEY})
        assert server.result("completion/create", ask)["text"].startswith("Once upon")
    finally:
        server.result("provider/disconnect", {"provider": wire.provider})


def test_wrong_key_that_only_a_call_can_check(locked_aimock: Aimock, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = next(wire for wire in KEYED if not wire.checks)
    assert wire.key_variable is not None
    monkeypatch.setenv(wire.key_variable, WRONG_KEY)
    with ServerProcess() as server:
        server.initialize()
        connection = server.result("provider/connect", {**wire.connection(locked_aimock.url), "verify": True})
        assert connection["verified"] is False
        ask = {"provider": wire.provider, "model": "some-model", "prompt": "tell a story"}
        error = server.error("completion/create", ask)
        assert error["data"]["kind"] == "auth_rejected"
        assert wire.key_variable in error["message"]
        assert WRONG_KEY not in str(error)
        assert server.close() == 0


def test_no_key_where_one_is_required(locked_aimock: Aimock) -> None:
    ollama = next(wire for wire in WIRES if wire.name == "ollama")
    with ServerProcess() as server:
        server.initialize()
        error = server.error("provider/connect", ollama.connection(locked_aimock.url))
        assert error["data"]["kind"] == "auth_required"
        assert server.close() == 0


# Connections that fail.


def test_answer_that_breaks_off(peer: Peer) -> None:
    error, updates = peer.failure("break off")
    assert error["data"]["kind"] == "stream_interrupted"
    assert error["data"]["retryable"] is True
    assert error["data"]["text"] == joined(updates, "text")
    assert "These words arrive and then the connection".startswith(error["data"]["text"][:40])
    assert len(error["data"]["text"]) > 4


def test_line_that_goes_dead_in_time(peer: Peer) -> None:
    error, updates = peer.failure("hang up in time")
    assert error["data"]["kind"] == "stream_interrupted"
    assert error["data"]["text"] == joined(updates, "text")
    assert error["data"]["text"].startswith("Thes")


def test_malformed_answer(peer: Peer) -> None:
    peer.aimock.trouble(peer.test_id, malformedRate=1)
    error, updates = peer.failure("tell a story")
    assert error["data"]["kind"] == "invalid_response"
    assert [update["kind"] for update in updates] == ["attempt"]


@pytest.fixture(scope="module")
def cut_off_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own: an address at which connections are closed rests for all models and keys."""
    yield from running_server(tmp_path_factory)


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_connection_closed_at_once(cut_off_server: ServerProcess, aimock: Aimock, wire: Wire) -> None:
    peer = Peer(cut_off_server, aimock, wire)
    peer.aimock.trouble(peer.test_id, disconnectRate=1)
    error, updates = peer.failure("tell a story")
    assert error["data"]["kind"] in ("network", "stream_interrupted")
    assert error["data"]["retryable"] is True
    assert {update["kind"] for update in updates} <= {"attempt"}


def test_server_error(peer: Peer) -> None:
    peer.aimock.trouble(peer.test_id, dropRate=1)
    data = peer.failure("tell a story")[0]["data"]
    assert data["kind"] == "provider_unavailable"
    assert data["httpStatus"] == 500


def test_half_of_everything_fails_and_nothing_hangs(peer: Peer) -> None:
    peer.aimock.trouble(peer.test_id, malformedRate=0.25, disconnectRate=0.25, dropRate=0.25)
    ask = {"provider": peer.wire.provider, "model": peer.model, "prompt": "tell a story"}
    requests = [peer.server.begin("completion/create", ask) for _ in range(20)]
    for request in requests:
        reply = peer.server.reply(request)
        assert "result" in reply or reply["error"]["code"] == -32803, reply
    peer.aimock.trouble(peer.test_id)
    assert peer.completion("tell a story")[0]["finishReason"] == "stop"


def test_slow_to_begin(peer: Peer) -> None:
    peer.aimock.trouble(peer.test_id, latencyMs=200)
    usage = peer.completion("tell a story")[0]["usage"]
    assert usage["timeToFirstTokenMs"] >= 200


def test_too_slow_to_begin(peer: Peer) -> None:
    peer.connect(timeoutMs=300)
    peer.aimock.trouble(peer.test_id, latencyMs=8000)
    began = time.monotonic()
    data = peer.failure("tell a story")[0]["data"]
    assert data["kind"] == "timeout"
    assert time.monotonic() - began < 7


def test_cancelled_while_it_streams(peer: Peer) -> None:
    server = peer.server
    stream = f"cancel-{peer.test_id}"
    ask = {"provider": peer.wire.provider, "model": peer.model, "prompt": "take your time", "streamId": stream}
    request = server.begin("completion/create", ask)
    assert server.notification("completion/update")["seq"] == 0
    server.claim("usage/updated")
    server.notify("$/cancelRequest", {"id": request})
    assert server.reply(request)["error"]["code"] == -32800
    server.claim("completion/update")
    (note,) = server.claim("usage/updated")
    assert note["call"]["outcome"] == "cancelled"
    assert peer.completion("tell a story")[0]["finishReason"] == "stop"
