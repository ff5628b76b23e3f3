"""A completion on OpenCode's server: a session of its own, that is gone with the call however that ends."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.dialects.opencode.completer import OpenCode
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.local_programs.servers import LocalProgramServers
from modelport.adapters.local_servers.prober import SocketProber
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from modelport.domain.local.model_files import Served
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential
from support.builders import answer, call, endpoint, row
from support.opencode import FakeOpenCode, shipped

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake is a script of the shell")
LIMIT_S = 20.0


class Rig:
    """A completer, and a running server."""

    def __init__(self, fake: FakeOpenCode, served: Served) -> None:
        self.fake = fake
        self.pool = HttpPool()
        self.completer = OpenCode(ProviderClient(self.pool))
        key = Credential(provider="opencode-local", source="session", secret=served.key)
        self.endpoint: Endpoint = endpoint(
            shipped()[0],
            base_url=served.base_url,
            address_given=False,
            credential=key,
            key_header="Authorization",
            bearer=False,
        )

    async def ask(self, model: str, built: Answer | None = None, **changes: Any) -> Answer:
        built = built or answer()
        with anyio.fail_after(LIMIT_S):
            await self.completer.complete(call(endpoint=self.endpoint, model=model, **changes), built)
        return built

    async def failure(self, model: str) -> RequestFailed:
        with pytest.raises(RequestFailed) as failed:
            await self.ask(model)
        return failed.value

    def paths(self) -> list[str]:
        """The requests without their sessions' ids."""
        return [note["request"].rpartition("/")[2].partition("_")[0] for note in self.fake.requests()]


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    fake = FakeOpenCode(tmp_path)
    for name, value in fake.environment().items():
        monkeypatch.setenv(name, value)
    servers = LocalProgramServers(SocketProber())
    async with servers.serving(shipped()[1], frozenset(), lambda _: None) as served:
        made = Rig(fake, served)
        yield made
        await made.pool.aclose()
    await servers.aclose()


async def test_an_answer(rig: Rig) -> None:
    with blockbuster_ctx("modelport"):
        built = await rig.ask("fake/think")
    assert (built.whole_text(), built.whole_reasoning()) == ("Hello from OpenCode", "Let me think.")
    assert [event for event in built.listener.events if event[0] == "text"][:2] == [
        ("text", "Hello"),
        ("text", " from"),
    ]  # type: ignore[attr-defined]
    assert (built.finish_reason, built.response_model) == ("stop", "fake/think")
    assert built.counts is not None
    assert (built.counts.input, built.counts.output) == (11, 4)
    assert rig.paths() == ["session", "prompt", "ses"]
    assert rig.fake.sent()["agent"] == "modelport"


@pytest.mark.parametrize(("model", "reason"), [("fake/short", "length"), ("fake/whole", "stop")])
async def test_other_ends(rig: Rig, model: str, reason: str) -> None:
    built = await rig.ask(model)
    assert (built.whole_text(), built.finish_reason) == ("Hello from OpenCode", reason)


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("fake/limited", "rate_limited", "Rate limit reached for model"),
        ("fake/missing", "model_not_found", "fake/missing"),
        ("fake/refused", "auth_rejected", "log in with opencode auth login"),
        ("fake/logged-out", "auth_rejected", "log in with opencode auth login"),
        ("fake/too-long", "context_too_long", "shorten it"),
    ],
)
async def test_failures(rig: Rig, model: str, kind: str, words: str) -> None:
    failed = await rig.failure(model)
    assert (failed.kind, failed.provider) == (kind, "opencode-local")
    assert words in failed.message
    assert rig.paths()[-1] == "ses"


async def test_what_is_tried_again_is_aborted(rig: Rig) -> None:
    await rig.failure("fake/limited")
    assert rig.paths() == ["session", "prompt", "abort", "ses"]


async def test_a_filtered_answer_is_a_failure_where_nothing_came(rig: Rig) -> None:
    built = await rig.ask("fake/filtered")
    assert (built.whole_text(), built.finish_reason) == ("", "contentFilter")


async def test_a_cancelled_call_ends_its_session(rig: Rig) -> None:
    built = answer()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.ask, "fake/slow", built)
        with anyio.fail_after(LIMIT_S):
            while built.whole_text() != "Hello from OpenCode":  # noqa: ASYNC110  another process does it
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert rig.paths() == ["session", "prompt", "abort", "ses"]


async def test_a_server_that_dies_breaks_the_answer_off(rig: Rig) -> None:
    failed = await rig.failure("fake/dies")
    assert failed.kind == "stream_interrupted"


async def test_two_at_once_keep_apart(rig: Rig) -> None:
    built = [answer(), answer()]
    async with anyio.create_task_group() as tasks:
        for model, one in zip(("fake/think", "fake/plain"), built, strict=True):
            tasks.start_soon(rig.ask, model, one)
    assert [one.whole_text() for one in built] == ["Hello from OpenCode"] * 2
    assert [one.whole_reasoning() for one in built] == ["Let me think.", ""]


async def test_the_list_verifies(rig: Rig) -> None:
    verified = await rig.completer.verify(rig.endpoint)
    assert verified.verified
    assert verified.models[0] == "opencode/big-pickle"


async def test_a_wrong_password_is_refused(rig: Rig) -> None:
    rig.endpoint = endpoint(row("code", dialect="opencode", auth="none"), base_url=rig.endpoint.base_url, bearer=False)
    failed = await rig.failure("fake/plain")
    assert failed.kind == "auth_rejected"
