"""Qwen's log-in file: read, renewed in time, written back as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.adapters.wire.request import HttpRequest
from modelport.domain.errors import RequestFailed
from modelport.domain.log_ins.wire import LogInWire
from support.builders import Variables, credential, endpoint, row
from support.http_server import Answer, LocalServer, Received


class World:
    def __init__(self, home: Path, *, renewal: Any = None, status: int = 200, refuse: int = 0) -> None:
        self.calls: list[Received] = []
        self.renewals: list[dict[str, list[str]]] = []
        self.file = self.usual = home / ".qwen" / "oauth_creds.json"
        self._answer = (status, renewal)
        self._refuse = refuse
        self.server = LocalServer(self.behave)
        self.pool = HttpPool()
        self.exchange = ProviderClient(self.pool)
        self.provider = row("qwen", auth="qwen", requires_api_key=False, login=LogInWire(token_url=f"{self.server.url}/token", client_id="client"), base_url=f"{self.server.url}/default", notice="It ended.")  # fmt: skip

    def behave(self, request: Received) -> Answer:
        if request.path == "/token":
            self.renewals.append(parse_qs(request.body.decode()))
            status, renewal = self._answer
            return Answer(status, chunks=[json.dumps(renewal).encode()])
        self.calls.append(request)
        return Answer(401 if len(self.calls) <= self._refuse else 200, chunks=[b"{}"])

    def keep(self, **changes: Any) -> None:
        kept = {
            "access_token": "old",
            "refresh_token": "renew-me",
            "expiry_date": int((time.time() + 3600) * 1000),
            "own": {"of": "qwen-code"},
        }
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(json.dumps({name: value for name, value in (kept | changes).items() if value is not None}))

    async def call(self) -> Received:
        given = {} if self.file == self.usual else {"QWEN_CREDENTIALS_FILE": str(self.file)}
        found = await LocalVendorFiles(Variables()).credential(self.provider, given)
        assert found is not None
        place = msgspec.structs.replace(endpoint(self.provider), credential=found, settings=given)
        async with self.exchange.post(place, "m", HttpRequest("/chat", {}, "Authorization")):
            return self.calls[-1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def world(home: Path) -> Any:
    made: list[World] = []

    def make(**changes: Any) -> World:
        made.append(World(home, **changes))
        return made[-1]

    yield make
    for one in made:
        one.server.close()


NEW = {
    "access_token": "new",
    "refresh_token": "next",
    "expires_in": 7200,
    "resource_url": "portal.example",
    "scope": "x",
}


HERE = {name: value for name, value in NEW.items() if name != "resource_url"}


async def test_a_token_that_lasts_is_sent_as_it_is(world: Any) -> None:
    qwen = world()
    qwen.keep()
    request = await qwen.call()
    assert (request.path, request.headers["authorization"]) == ("/default/chat", "Bearer old")
    assert qwen.renewals == []
    await qwen.pool.aclose()


async def test_it_is_sent_to_the_address_that_the_log_in_gave(world: Any) -> None:
    qwen = world()
    qwen.keep(resource_url=f"{qwen.server.url}/portal")
    assert (await qwen.call()).path == "/portal/v1/chat"
    await qwen.pool.aclose()


@pytest.mark.parametrize("expiry", [0, None, "soon"])
async def test_one_that_has_ended_is_renewed_and_the_file_is_kept_as_it_was(world: Any, expiry: Any) -> None:
    qwen = world(renewal={name: value for name, value in NEW.items() if name != "resource_url"})
    qwen.keep(expiry_date=expiry)
    before = time.time()
    assert (await qwen.call()).headers["authorization"] == "Bearer new"
    assert qwen.renewals == [{"grant_type": ["refresh_token"], "refresh_token": ["renew-me"], "client_id": ["client"]}]
    kept = json.loads(qwen.file.read_text())
    assert kept.pop("expiry_date") >= (before + 7199) * 1000
    assert kept == {"access_token": "new", "refresh_token": "next", "own": {"of": "qwen-code"}}
    assert qwen.file.stat().st_mode & 0o777 == 0o600
    # The next call finds it in the file.
    assert (await qwen.call()).headers["authorization"] == "Bearer new"
    assert len(qwen.renewals) == 1
    await qwen.pool.aclose()


@pytest.mark.parametrize("life", [1e308, -1e308, 10**30, 10**400, -5, True, "soon", None, [1]])
@pytest.mark.parametrize("form", ["expiry_date", "expires_at", "date"])
async def test_a_life_that_no_clock_can_count_is_a_life(world: Any, life: Any, form: str) -> None:
    qwen = world(renewal=HERE | {"expires_in": life})
    qwen.keep(expiry_date=0)
    if form != "expiry_date":
        kept = json.loads(qwen.file.read_text())
        kept.pop("expiry_date")
        qwen.file.write_text(json.dumps(kept | {"expires_at": 0 if form == "expires_at" else "2001-01-01T00:00:00Z"}))
    assert (await qwen.call()).headers["authorization"] == "Bearer new"
    json.loads(qwen.file.read_text())
    await qwen.pool.aclose()


@pytest.mark.parametrize("expiry", [1e308, 10**30, 10**400, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00", -1e308])
async def test_a_date_in_the_file_that_no_clock_can_reach(world: Any, expiry: Any) -> None:
    qwen = world(renewal=HERE)
    qwen.keep(expiry_date=expiry)
    assert (await qwen.call()).headers["authorization"] in ("Bearer old", "Bearer new")
    await qwen.pool.aclose()


async def test_one_that_is_refused_is_renewed_once(world: Any) -> None:
    qwen = world(renewal=NEW | {"resource_url": None}, refuse=1)
    qwen.keep()
    assert (await qwen.call()).headers["authorization"] == "Bearer new"
    assert len(qwen.renewals) == 1
    await qwen.pool.aclose()


@pytest.mark.parametrize("status", [400, 401])
async def test_a_log_in_that_has_ended_is_reported_with_the_reason(world: Any, status: int) -> None:
    qwen = world(renewal={"error": "invalid_grant"}, status=status)
    qwen.keep(expiry_date=0)
    with pytest.raises(RequestFailed, match=r"log in again with qwen-code. It ended\.") as failed:
        await qwen.call()
    assert failed.value.kind == "auth_required"
    assert json.loads(qwen.file.read_text())["refresh_token"] == "renew-me"
    await qwen.pool.aclose()


async def test_a_key_of_the_users_own_is_sent_as_it_is(world: Any) -> None:
    qwen = world()
    place = endpoint(qwen.provider, credential=credential("mine-0123456789"))
    async with qwen.exchange.post(place, "m", HttpRequest("/chat", {}, "Authorization")):
        pass
    assert qwen.calls[0].headers["authorization"] == "Bearer mine-0123456789"
    await qwen.pool.aclose()


OF_OTHERS: dict[str, Callable[[float], Any]] = {
    "seconds": int,
    "fraction": float,
    "milliseconds": lambda seconds: int(seconds * 1000),
    "date": lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat(),
    "zulu": lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"),
}
"""The time of an end, as another program writes it."""


@pytest.mark.parametrize("form", OF_OTHERS)
async def test_a_file_of_another_program_is_read_and_kept_in_its_form(world: Any, home: Path, form: str) -> None:
    expires_at = OF_OTHERS[form](time.time() + 3600)
    qwen = world(renewal=NEW | {"resource_url": None}, refuse=1)
    qwen.file = home / "own" / "qwen.json"
    qwen.keep(expiry_date=None, expires_at=expires_at)
    before = time.time()
    # The token has not ended, so it is sent, and renewed because it is refused.
    assert (await qwen.call()).headers["authorization"] == "Bearer new"
    kept = json.loads(qwen.file.read_text())
    assert "expiry_date" not in kept
    ends = kept["expires_at"]
    assert isinstance(ends, str) is isinstance(expires_at, str)
    seconds = datetime.fromisoformat(ends).timestamp() if isinstance(ends, str) else ends
    assert (
        before + 7199
        <= (seconds / 1000 if isinstance(expires_at, int) and expires_at > 1e11 else seconds)
        < before + 7260
    )
    assert len(qwen.calls) == 2
    await qwen.pool.aclose()
