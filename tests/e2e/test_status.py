"""``status/changed``: busy before the first piece of a call, idle after its last, and before its reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.http_server import LocalServer
from support.server_process import ServerProcess
from support.sse import streamed

MOCK = {"prompt": "one two three", "model": "mock/mock"}
IDLE = ("status/changed", False, None)


@pytest.fixture
def upstream() -> Iterator[LocalServer]:
    with LocalServer(lambda _: streamed("Hel", "lo")) as running:
        yield running


def messages(server: ServerProcess, request: int | str) -> list[Any]:
    """Every message until the reply to a request, in order: a status in full, of the others the method or the id."""
    server.take(lambda m: "method" not in m and m.get("id") == request and server.unclaimed.append(m) is None)
    seen, server.unclaimed = server.unclaimed, []
    return [
        (m["method"], m["params"]["busy"], m["params"].get("message"))
        if m.get("method") == "status/changed"
        else m.get("method", m.get("id"))
        for m in seen
    ]


def busy(message: str) -> tuple[str, bool, str]:
    return ("status/changed", True, message)


def test_a_streamed_call_is_busy_from_before_its_first_update_to_after_its_last(server: ServerProcess) -> None:
    request = server.begin("completion/create", {**MOCK, "streamId": "s", "workDoneToken": "w"})
    seen = messages(server, request)
    progress = [entry for entry in seen if entry == "$/progress"]
    assert len(progress) == 2
    others = [entry for entry in seen if entry != "$/progress"]
    updates = others.count("completion/update")
    assert updates >= 1
    assert others == [busy("Asking mock/mock"), *["completion/update"] * updates, "usage/updated", IDLE, request]


@pytest.mark.parametrize(
    ("method", "params", "title"),
    [
        ("completion/create", MOCK, "Asking mock/mock"),
        ("token/count", {"text": "a", "model": "mock/mock"}, "Asking mock/mock"),
        ("embedding/create", {"input": "a", "model": "mock/mock"}, "Asking mock/mock"),
        ("image/create", {"prompt": "a", "provider": "mock"}, "Asking mock"),
        ("moderation/create", {"input": "a", "provider": "mock"}, "Asking mock"),
        ("provider/connect", {"provider": "mock"}, "Connecting mock"),
        ("provider/discover", {"timeoutMs": 500}, "Looking for local model servers"),
        ("model/list", {"provider": "mock"}, "Listing models"),
        ("model/pull", {"provider": "mock", "model": "m"}, "Downloading m"),
        ("agent/discover", {"level": "static"}, "Looking for agents"),
        (
            "completion/create",
            {"prompt": "a", "model": "mock/mock:fail=rate_limited"},
            "Asking mock/mock:fail=rate_limited",
        ),
        ("completion/create", {"prompt": "a", "model": "nobody/x"}, "Asking nobody/x"),
    ],
)
def test_every_call_is_one_busy_period(shared: ServerProcess, method: str, params: dict[str, Any], title: str) -> None:
    request = shared.begin(method, params)
    seen = messages(shared, request)
    assert [entry for entry in seen if entry != "usage/updated"] == [busy(title), IDLE, request]


def test_a_command_is_busy_like_the_method_it_runs(shared: ServerProcess) -> None:
    request = shared.begin(
        "workspace/executeCommand", {"command": "modelport.token.count", "arguments": [{"text": "a", "model": "mock/mock"}]}
    )  # fmt: skip
    assert messages(shared, request) == [busy("Asking mock/mock"), IDLE, request]


@pytest.mark.parametrize("method", ["provider/list", "provider/status", "credential/list", "usage/snapshot"])
def test_what_waits_for_nothing_is_silent(shared: ServerProcess, method: str) -> None:
    request = shared.begin(method)
    assert messages(shared, request) == [request]


def test_overlapping_calls_are_one_busy_period(server: ServerProcess) -> None:
    slow = {"prompt": "a", "model": "mock/mock:words=1000,delay=100"}
    first = server.begin("completion/create", slow)
    assert server.notification("status/changed")["message"] == "Asking mock/mock:words=1000,delay=100"
    second = server.begin("completion/create", MOCK)
    seen = messages(server, second)
    assert seen == [busy("Asking mock/mock"), "usage/updated", busy("Asking mock/mock:words=1000,delay=100"), second]
    server.notify("$/cancelRequest", {"id": first})
    assert messages(server, first) == ["usage/updated", IDLE, first]


def test_the_real_thing_is_busy_before_the_provider_is_asked(server: ServerProcess, upstream: LocalServer) -> None:
    server.result("provider/connect", {"provider": "openai-compatible", "baseUrl": upstream.url, "model": "m", "verify": False})  # fmt: skip
    server.claim("status/changed")
    request = server.begin("completion/create", {"prompt": "hi", "streamId": "s"})
    seen = messages(server, request)
    assert (seen[0], seen[-2:]) == (busy("Asking the model"), [IDLE, request])
    assert seen.count("completion/update") >= 1
