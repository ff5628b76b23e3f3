"""Failover through a started server: chains of config.toml, refused keys, waits, and answers that break off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.sse import SSE, delta, refused, streamed

KEYS = {"ALPHA_KEY": "alpha-key-0123456789", "BETA_KEY": "beta-key-0123456789"}
CUT = Answer(headers=SSE, chunks=[delta("Half an ans")], cut=True)
NOTHING = Answer(headers=SSE, chunks=[b"data: [DONE]\n\n"])
PAGE = Answer(headers={"Content-Type": "text/html"}, chunks=[b"<!doctype html><title>Sign in</title>"])
CHAIN = '[chains]\ndefault = ["alpha/a", "beta/b"]\n'


class Upstreams:
    """Two providers of the user's own; each answers with the first of its answers that is left, the last for ever."""

    def __init__(self, stack: ExitStack) -> None:
        self.answers: dict[str, list[Answer]] = {"alpha": [], "beta": [streamed("from beta")]}
        self.servers = {name: stack.enter_context(LocalServer(self._behave(name))) for name in self.answers}
        self.file = Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml"

    def _behave(self, name: str) -> Callable[[Received], Answer]:
        def behave(request: Received) -> Answer:
            left = self.answers[name]
            return left.pop(0) if len(left) > 1 else left[0]

        return behave

    def configure(self, more: str = CHAIN) -> None:
        """Writes the file: the providers and more."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            f'[providers.{name}]\nbase_url = "{server.url}/v1"\napi_key_env = "{name.upper()}_KEY"\n'
            f'connection_type = "byok"\ndisplay_name = "{name.title()}"\n'
            for name, server in self.servers.items()
        ]
        self.file.write_text("\n".join([more, *rows]), encoding="utf-8")

    def posts(self, name: str) -> int:
        """How many completions were requested of a provider."""
        return sum(request.method == "POST" for request in self.servers[name].requests)


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    with ExitStack() as stack:
        yield Upstreams(stack)


@pytest.fixture
def started(upstreams: Upstreams) -> Iterator[ServerProcess]:
    upstreams.configure()
    with ServerProcess(env=KEYS) as server:
        server.initialize()
        yield server
        assert server.close() == 0


def told(attempts: Any) -> list[tuple[str, str | None, bool]]:
    return [(a["provider"], a.get("error", {}).get("kind"), a.get("skipped", False)) for a in attempts]


def check_ledger(server: ServerProcess, attempts: Any) -> None:
    """Every attempt that was sent is a row, and each after the first names it."""
    sent = [a for a in attempts if not a.get("skipped")]
    rows = server.result("usage/history", {"limit": 20})["calls"][::-1]
    assert [(row["provider"], row.get("errorKind")) for row in rows] == [
        (a["provider"], a.get("error", {}).get("kind")) for a in sent
    ]
    assert [row.get("attemptOf") for row in rows] == [None, *[rows[0]["id"]] * (len(rows) - 1)]


@pytest.mark.parametrize(
    ("answer", "kind", "calls"),
    [
        (refused(503, {"error": {"message": "down"}}), "provider_unavailable", 2),
        (refused(429, {"error": {"message": "slow"}}, **{"retry-after": "30"}), "rate_limited", 1),
        (refused(503, {"error": {"message": "down"}}, **{"x-should-retry": "false"}), "provider_unavailable", 1),
        (NOTHING, "provider_unavailable", 2),
        (PAGE, "invalid_response", 2),
        (Answer(headers=SSE, cut=True), "stream_interrupted", 2),
        (refused(404, {"error": {"message": "model not found"}}), "model_not_found", 1),
    ],
    ids=["503", "429", "not to be repeated", "done after nothing", "page", "cut before anything", "no model"],
)
def test_a_request_that_names_nothing_goes_along_the_chain(
    upstreams: Upstreams, started: ServerProcess, answer: Answer, kind: str, calls: int
) -> None:
    upstreams.answers["alpha"] = [answer]
    completion = started.result("completion/create", {"prompt": "hi", "streamId": "s"})
    assert (completion["text"], completion["resolvedBy"]) == ("from beta", "chain")
    assert told(completion["attempts"]) == [*[("alpha", kind, False)] * calls, ("beta", None, False)]
    updates = [update["update"] for update in started.claim("completion/update")]
    assert [u["kind"] for u in updates] == [*["attempt"] * calls, "text"]
    check_ledger(started, completion["attempts"])


def test_the_first_error_is_told_where_all_fail(upstreams: Upstreams, started: ServerProcess) -> None:
    upstreams.answers["alpha"] = [refused(429, {"error": {"message": "slow"}}, **{"retry-after": "90"})]
    upstreams.answers["beta"] = [refused(429, {"error": {"message": "slower"}}, **{"retry-after": "60"})]
    error = started.request("completion/create", {"prompt": "hi"})["error"]
    assert (error["data"]["kind"], error["data"]["provider"]) == ("rate_limited", "alpha")
    assert error["data"]["retryAfterMs"] == 60_000
    assert told(error["data"]["attempts"]) == [("alpha", "rate_limited", False), ("beta", "rate_limited", False)]
    # Both rest now, so that nothing is sent.
    again = started.request("completion/create", {"prompt": "hi"})["error"]
    assert told(again["data"]["attempts"]) == [("alpha", "rate_limited", True), ("beta", "rate_limited", True)]
    assert 50_000 < again["data"]["retryAfterMs"] <= 60_000
    assert (upstreams.posts("alpha"), upstreams.posts("beta")) == (1, 1)


def test_a_short_wait_is_waited(upstreams: Upstreams, started: ServerProcess) -> None:
    limited = refused(429, {"error": {"message": "slow"}}, **{"retry-after-ms": "300"})
    upstreams.answers["alpha"] = [limited, streamed("from alpha")]
    completion = started.result("completion/create", {"model": "alpha/a", "fallbacks": [], "prompt": "hi"})
    assert told(completion["attempts"]) == [("alpha", "rate_limited", False), ("alpha", None, False)]


def test_a_refused_key_goes_on_with_a_warning_and_is_not_sent_again(
    upstreams: Upstreams, started: ServerProcess
) -> None:
    upstreams.answers["alpha"] = [refused(401, {"error": {"message": "bad key"}})]
    for _ in range(2):
        assert started.result("completion/create", {"prompt": "hi"})["provider"] == "beta"
    warnings = [m["message"] for m in started.claim("window/logMessage") if m["type"] == 2]
    assert warnings == ["Alpha refused its key; answered by Beta. Give another key with modelport keys set alpha."]
    assert (upstreams.posts("alpha"), upstreams.posts("beta")) == (1, 2)


def test_one_of_several_editors_shows_the_warning(upstreams: Upstreams) -> None:
    upstreams.configure()
    upstreams.answers["alpha"] = [refused(401, {"error": {"message": "bad key"}})]
    shown: list[int] = []
    for _ in range(2):
        with ServerProcess(env=KEYS) as server:
            server.initialize(capabilities={"window": {"showMessage": {"messageActionItem": {}}}})
            # The circuits are read by then.
            server.result("provider/status")
            assert server.result("completion/create", {"prompt": "hi"})["provider"] == "beta"
            shown.append(len(server.claim("window/showMessage")))
            assert server.claim("window/logMessage") == []
            assert server.close() == 0
    assert shown == [1, 0]


def test_a_refused_key_ends_the_request_where_the_user_wants_that(upstreams: Upstreams) -> None:
    upstreams.configure(CHAIN + '[failover]\non_auth = "stop"\n')
    upstreams.answers["alpha"] = [refused(401, {"error": {"message": "bad key"}})]
    with ServerProcess(env=KEYS) as server:
        server.initialize()
        error = server.request("completion/create", {"prompt": "hi"})["error"]
        assert error["data"]["kind"] == "auth_rejected"
        assert server.close() == 0
    assert upstreams.posts("beta") == 0


@pytest.mark.parametrize("resets", [True, False])
def test_an_answer_that_breaks_off_begins_again(upstreams: Upstreams, resets: bool) -> None:
    upstreams.configure(CHAIN + '[failover]\nafter_commit = "restart"\n')
    upstreams.answers["alpha"] = [CUT, streamed("The whole ", "answer")]
    with ServerProcess(env=KEYS) as server:
        server.initialize()
        reply = server.request("completion/create", {"prompt": "hi", "streamId": "s", "resets": resets})
        updates = server.claim("completion/update")
        assert [update["seq"] for update in updates] == list(range(len(updates)))
        kinds = [update["update"]["kind"] for update in updates]
        if not resets:
            assert reply["error"]["data"]["text"] == "Half an ans"
            assert kinds == ["text"]
        else:
            assert kinds[:3] == ["text", "reset", "attempt"]
            texts = [u["update"]["text"] for u in updates[3:]]
            assert reply["result"]["text"] == "".join(texts) == "The whole answer"
        assert server.close() == 0


def test_a_chain_by_its_name_and_by_a_role(upstreams: Upstreams) -> None:
    upstreams.configure('[chains]\ninline = ["beta/small"]\nnight = ["beta/large"]\n')
    upstreams.answers["alpha"] = [streamed("from alpha")]
    with ServerProcess(env=KEYS) as server:
        server.initialize()
        found = server.result("completion/create", {"prompt": "hi", "model": "chain/night"})
        assert (found["provider"], found["model"]) == ("beta", "large")
        found = server.result("completion/create", {"prompt": "hi", "role": "inline"})
        assert (found["provider"], found["model"]) == ("beta", "small")
        error = server.request("completion/create", {"prompt": "hi", "model": "chain/nihgt"})["error"]
        assert (error["code"], error["data"]["kind"]) == (-32602, "unknown_model")
        assert "did you mean night" in error["message"]
        assert server.close() == 0


def test_a_mistake_in_a_chain_is_told_with_its_line_and_spoils_nothing(upstreams: Upstreams) -> None:
    upstreams.configure('[chains]\ndefault = ["alhpa/a", "beta/b"]\n')
    with ServerProcess(env=KEYS) as server:
        server.initialize()
        assert server.result("completion/create", {"prompt": "hi"})["provider"] == "beta"
        (warning,) = [m["message"] for m in server.claim("window/logMessage") if m["type"] == 2]
        assert "Line 2, chains.default:" in warning
        assert "did you mean alpha" in warning
        assert server.close() == 0


def test_failures_that_the_name_of_a_mock_model_asks_for_say_nothing_about_the_next_call() -> None:
    with ServerProcess() as server:
        server.initialize()
        for kind in ("auth_rejected", "network", "provider_unavailable"):
            assert server.error("completion/create", {"prompt": "x", "model": f"mock/mock:fail={kind}"})["data"]["kind"] == kind  # fmt: skip
            assert server.result("completion/create", {"prompt": "x", "model": "mock/mock"})["text"]
        assert server.close() == 0
