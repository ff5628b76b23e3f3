"""Renewing tokens: one request for all who need it, nothing lost on the way, and no log-out but by a refusal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import msgspec
import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth.refresh import Refresher
from modelport.adapters.log_ins.oauth.renewal import StoredTokens
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.stored import StoredLogIn
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from support.builders import credential, endpoint, row
from support.http_server import Answer, LocalServer, Received

OLD = "access-old-0123"


class Store:
    """A credential store in memory, which may refuse."""

    def __init__(self, key: StoredKey) -> None:
        self.keys: dict[str, StoredKey] = {"acme": key}
        self.broken = False

    async def get(self, provider: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        return self.keys.get(provider)

    async def set(self, provider: str, key: StoredKey) -> None:
        await anyio.lowlevel.checkpoint()
        if self.broken:
            raise RequestFailed("keyring_unavailable", "It is locked.")
        self.keys[provider] = key

    async def delete(self, provider: str) -> bool:
        return self.keys.pop(provider, None) is not None


class World:
    """A token endpoint with a behaviour, and the tokens of one process."""

    def __init__(self, folder: Path, behave: Callable[[Received], Answer] | None = None, **log_in: Any) -> None:
        self.server = LocalServer(behave or self.renewed)
        self.pool = HttpPool()
        values = {
            "obtained_s": time.time() - 4000,
            "life_s": 3600.0,
            "refresh_token": Secret("refresh-old"),
            "token_url": f"{self.server.url}/token",
            "client_id": "client",
        }
        key = StoredKey(Secret(OLD), more=(Secret("another-key"),), log_in=StoredLogIn(**(values | log_in)))
        self.store = Store(key)
        self.folder = folder
        self.tokens = self.process()
        self.reply: dict[str, Any] = {"access_token": "access-new", "expires_in": 3600}

    def process(self) -> StoredTokens:
        return StoredTokens(Refresher(self.pool), self.store, self.folder)  # type: ignore[arg-type]

    def renewed(self, _: Received) -> Answer:
        return Answer(chunks=[json.dumps(self.reply).encode()])

    def endpoint(self, key: StoredKey | None = None) -> Endpoint:
        key = key or self.store.keys["acme"]
        own = msgspec.structs.replace(credential(None), secret=key.secret, source="keyring", log_in=key.log_in)
        return endpoint(row("acme"), credential=own)

    async def secret(self, tokens: StoredTokens | None = None, place: Endpoint | None = None) -> str:
        used = await (tokens or self.tokens).authenticate(place or self.endpoint())
        assert used.credential.secret is not None
        return used.credential.secret.reveal()

    async def aclose(self) -> None:
        await self.tokens.settled()
        await self.pool.aclose()
        self.server.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.aclose()


async def test_a_token_that_is_due_is_renewed_stored_and_sent(world: World) -> None:
    assert await world.secret() == "access-new"
    stored = world.store.keys["acme"]
    assert stored.secret == Secret("access-new")
    assert stored.more == (Secret("another-key"),)
    assert stored.log_in is not None
    assert stored.log_in.refresh_token == Secret("refresh-old")
    assert abs(stored.log_in.obtained_s - time.time()) < 60
    (request,) = world.server.requests
    assert b"grant_type=refresh_token&refresh_token=refresh-old&client_id=client" in request.body


async def test_a_new_refresh_token_takes_the_place_of_the_old_one(world: World) -> None:
    world.reply["refresh_token"] = "refresh-new"
    await world.secret()
    log_in = world.store.keys["acme"].log_in
    assert log_in is not None
    assert log_in.refresh_token == Secret("refresh-new")


@pytest.mark.parametrize(
    ("age_s", "life_s", "renewals"),
    [
        (0, 3600, 0),
        (3200, 3600, 0),
        (3301, 3600, 1),
        (70, 100, 0),
        (76, 100, 1),
        (3, 4, 1),
        (2, 4, 0),
        (10**9, None, 0),
        (-30, 3600, 0),
        (-86400, 3600, 1),
    ],
)
async def test_when_a_token_is_due(tmp_path: Path, age_s: float, life_s: float | None, renewals: int) -> None:
    world = World(tmp_path, obtained_s=time.time() - age_s, life_s=life_s)
    await world.secret()
    assert len(world.server.requests) == renewals
    await world.aclose()


async def test_many_callers_cause_one_renewal(world: World) -> None:
    secrets: list[str] = []

    async def call(place: Endpoint) -> None:
        secrets.append(await world.secret(place=place))

    place = world.endpoint()
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(call, place)
    # One that comes later, with the token of before.
    await call(place)
    assert secrets == ["access-new"] * 21
    assert len(world.server.requests) == 1


async def test_processes_renew_one_after_the_other_and_share_the_token(world: World) -> None:
    place = world.endpoint()
    others = [world.process() for _ in range(5)]
    async with anyio.create_task_group() as tasks:
        for other in others:
            tasks.start_soon(world.secret, other, place)
    assert len(world.server.requests) == 1


async def test_a_cancelled_call_loses_no_token(tmp_path: Path) -> None:
    gate, arrived = threading.Event(), threading.Event()

    def wait(_: Received) -> Answer:
        arrived.set()
        gate.wait(5)
        return Answer(chunks=[b'{"access_token": "access-new"}'])

    world = World(tmp_path, wait)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.secret)
        assert await anyio.to_thread.run_sync(arrived.wait, 5)
        tasks.cancel_scope.cancel()
    assert world.store.keys["acme"].secret == Secret(OLD)
    gate.set()
    await world.tokens.settled()
    assert world.store.keys["acme"].secret == Secret("access-new")
    assert len(world.server.requests) == 1
    await world.aclose()


async def test_a_store_that_refuses_loses_no_token(world: World) -> None:
    world.reply["refresh_token"] = "refresh-new"
    place = world.endpoint()
    world.store.broken = True
    assert await world.secret(place=place) == "access-new"
    assert await world.secret(place=place) == "access-new"
    assert world.store.keys["acme"].secret == Secret(OLD)
    world.store.broken = False
    assert await world.secret(place=place) == "access-new"
    assert world.store.keys["acme"].secret == Secret("access-new")
    assert len(world.server.requests) == 1


async def test_a_refused_token_is_renewed_before_its_time_and_not_again_and_again(tmp_path: Path) -> None:
    world = World(tmp_path, obtained_s=time.time())
    used = await world.tokens.authenticate(world.endpoint())
    assert world.server.requests == []
    # Ten calls with one token, all refused.
    assert [world.tokens.discard_token(used) for _ in range(10)] == [True] * 10
    renewed = await world.tokens.authenticate(used)
    assert renewed.credential.secret == Secret("access-new")
    assert world.tokens.discard_token(renewed) is False
    assert len(world.server.requests) == 1
    await world.aclose()


@pytest.mark.parametrize(
    ("status", "body", "kind", "kept"),
    [
        (400, {"error": "invalid_grant"}, "auth_required", False),
        (401, {"error": "invalid_token"}, "auth_required", False),
        (200, {"error": "bad_refresh_token"}, "auth_required", False),
        (400, {}, "auth_required", False),
        (401, {"message": "Unauthorized"}, "auth_required", False),
        (403, {"message": "Forbidden"}, "provider_unavailable", True),
        (404, {}, "provider_unavailable", True),
        (429, {"error": "slow_down"}, "rate_limited", True),
        (500, {"error": "invalid_grant"}, "provider_unavailable", True),
        (503, {}, "provider_unavailable", True),
        (400, {"error": "temporarily_unavailable"}, "provider_unavailable", True),
        (400, {"error": "invalid_client"}, "provider_unavailable", True),
        (200, {}, "provider_unavailable", True),
        (200, [], "provider_unavailable", True),
        (200, {"access_token": ""}, "provider_unavailable", True),
        (302, {}, "provider_unavailable", True),
        (502, "<html><body>Bad gateway</body></html>", "provider_unavailable", True),
    ],
)
async def test_only_a_refusal_of_the_refresh_token_ends_a_log_in(
    tmp_path: Path, status: int, body: Any, kind: str, kept: bool
) -> None:
    world = World(
        tmp_path,
        lambda _: Answer(status, chunks=[body.encode() if isinstance(body, str) else json.dumps(body).encode()]),
    )
    with pytest.raises(RequestFailed) as failed:
        await world.secret()
    assert failed.value.kind == kind
    assert ("acme" in world.store.keys) is kept
    assert "refresh-old" not in failed.value.message + str(failed.value.data())
    await world.aclose()


async def test_a_network_that_fails_ends_no_log_in(world: World) -> None:
    world.server.close()
    with pytest.raises(RequestFailed) as failed:
        await world.secret()
    assert failed.value.kind == "network"
    assert "acme" in world.store.keys


async def test_a_loser_does_not_delete_the_token_of_the_winner(tmp_path: Path) -> None:
    """Another machine with the same keyring renews between our look and our request, where no lock holds."""
    world = World(tmp_path)

    def lost(_: Received) -> Answer:
        key = StoredKey(Secret("access-winner"), log_in=StoredLogIn(obtained_s=time.time(), life_s=3600.0))
        world.store.keys["acme"] = key
        return Answer(400, chunks=[b'{"error": "invalid_grant"}'])

    world.renewed = lost  # type: ignore[method-assign]
    world.server.close()
    world.server = LocalServer(lost)
    key = world.store.keys["acme"]
    assert key.log_in is not None
    moved = msgspec.structs.replace(key.log_in, token_url=f"{world.server.url}/token")
    world.store.keys["acme"] = msgspec.structs.replace(key, log_in=moved)
    assert await world.secret() == "access-winner"
    assert world.store.keys["acme"].secret == Secret("access-winner")
    await world.aclose()


async def test_without_a_refresh_token_a_token_is_sent_until_it_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, refresh_token=None)
    assert await world.secret() == OLD
    assert world.tokens.discard_token(world.endpoint())
    with pytest.raises(RequestFailed, match="modelport login acme") as failed:
        await world.secret()
    assert failed.value.kind == "auth_required"
    assert "acme" in world.store.keys
    await world.aclose()


async def test_a_log_in_that_is_gone_says_how_to_log_in(world: World) -> None:
    place = world.endpoint()
    world.store.keys.clear()
    with pytest.raises(RequestFailed, match="modelport login acme"):
        await world.secret(place=place)
