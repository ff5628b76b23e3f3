"""The device flow on a clock of the tests: when it asks again, what ends it and what does not."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import anyio
import msgspec
import pytest

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.oauth import device
from modelport.adapters.log_ins.oauth.device import DeviceFlow
from modelport.adapters.log_ins.requests import Reply
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.log_ins.flow import LogInPrompt, Tokens
from modelport.domain.log_ins.wire import LogInWire
from modelport.domain.providers.log_ins import LogInRequest
from modelport.protocol.secret import Secret
from support.builders import credential, endpoint, row

URL = "https://acme.example"
WIRE = LogInWire(device_url=f"{URL}/device", token_url=f"{URL}/token", scopes=("a", "b"))
CODE = {
    "device_code": "device-0123",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{URL}/activate",
    "expires_in": 60,
    "interval": 5,
}
TOKENS = {"access_token": "access-0123", "refresh_token": "refresh-0123", "expires_in": 3600}


def reply(fields: Any, status: int = 200, **headers: str) -> Reply:
    body = json.dumps(fields).encode()
    return Reply(status=status, headers=headers, body=body, fields=fields if isinstance(fields, dict) else {})


def error(code: str, status: int = 400, **more: Any) -> Reply:
    return reply({"error": code, **more}, status)


NETWORK = RequestFailed("network", "It cannot be reached.")


class World:
    """A provider whose replies are written down, and a clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply | RequestFailed, took_s: float = 0.0) -> None:
        self.now = 1000.0
        self.replies = [*replies]
        self.polls: list[float] = []
        self.forms: list[dict[str, str]] = []
        self.told: list[LogInPrompt] = []
        self._took_s = took_s
        clock = SimpleNamespace(sleep=self._sleep, sleep_until=self._until, current_time=lambda: self.now)
        monkeypatch.setattr(device, "anyio", clock)
        monkeypatch.setattr(device, "post_form", self._post)

    async def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    async def _until(self, moment: float) -> None:
        self.now = max(self.now, moment)

    async def _post(self, pool: object, at: object, url: str, form: dict[str, str]) -> Reply:
        self.forms.append(form)
        if url.endswith("/token"):
            self.polls.append(self.now)
        self.now += self._took_s
        answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(answer, RequestFailed):
            raise answer
        return answer

    async def run(self, wire: LogInWire = WIRE) -> Tokens:
        place = endpoint(row("acme"), credential=credential(None))
        asked = LogInRequest(endpoint=place, wire=wire, client_id="client", method="device")
        return await DeviceFlow(HttpPool(), asked).run(self.told.append)

    @property
    def waits(self) -> list[float]:
        """The time before each poll, from the one before it or from the code."""
        return [after - before for before, after in zip([1000.0, *self.polls], self.polls, strict=False)]


async def test_the_code_is_told_before_the_first_poll_and_the_tokens_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, reply(CODE), error("authorization_pending"), reply(TOKENS))
    tokens = await world.run()
    assert tokens == Tokens(secret=Secret("access-0123"), refresh_token=Secret("refresh-0123"), life_s=3600)
    assert world.told == [
        LogInPrompt(
            verification_uri=f"{URL}/activate", open_uri=f"{URL}/activate", user_code="WDJB-MJHT", expires_in_s=60
        )
    ]
    assert world.forms[0] == {"client_id": "client", "scope": "a b"}
    assert world.forms[1] == {"grant_type": device.GRANT, "client_id": "client", "device_code": "device-0123"}
    assert world.waits == [5, 5]


PENDING = error("authorization_pending")


@pytest.mark.parametrize(
    ("replies", "waits"),
    [
        ([PENDING, PENDING], [5, 5, 5]),
        ([error("slow_down"), PENDING], [5, 10, 10]),
        ([error("slow_down"), error("slow_down")], [5, 10, 15]),
        ([error("slow_down", 200, interval=12), PENDING], [5, 12, 12]),
        ([error("slow_down", interval=3), PENDING], [5, 10, 10]),
        ([error("slow_down", 429), PENDING], [5, 10, 10]),
        ([reply({}, 429, **{"retry-after": "14"}), PENDING], [5, 14, 14]),
        ([error("authorization_pending", 200), PENDING], [5, 5, 5]),
        ([reply({"message": "down"}, 503), error("server_error", 500)], [5, 5, 5]),
        ([reply("<html>", 502), PENDING], [5, 5, 5]),
        ([error("temporarily_unavailable"), PENDING], [5, 5, 5]),
        ([NETWORK, PENDING], [5, 10, 10]),
        ([NETWORK, NETWORK], [5, 10, 15]),
    ],
)
async def test_polling_is_never_early_and_survives(
    monkeypatch: pytest.MonkeyPatch, replies: list[Reply | RequestFailed], waits: list[float]
) -> None:
    world = World(monkeypatch, reply(CODE), *replies, reply(TOKENS))
    assert (await world.run()).secret == Secret("access-0123")
    assert world.waits == waits


@pytest.mark.parametrize(
    ("interval", "wait"), [(None, 5), (0, 1), (-3, 1), ("7", 7), (True, 5), ("soon", 5), (10**400, 300), (2.5, 2.5)]
)
async def test_an_odd_interval(monkeypatch: pytest.MonkeyPatch, interval: Any, wait: float) -> None:
    code = CODE | {"interval": interval, "expires_in": 3600}
    world = World(monkeypatch, reply({k: v for k, v in code.items() if v is not None}), reply(TOKENS))
    await world.run()
    assert world.waits == [wait]


async def test_the_wait_begins_when_the_reply_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, reply(CODE), PENDING, reply(TOKENS), took_s=3)
    await world.run()
    assert world.waits == [8, 8]


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (error("expired_token"), "auth_required"),
        (error("expired_token", 200), "auth_required"),
        (error("access_denied"), "auth_rejected"),
        (error("authorization_declined"), "auth_rejected"),
        (error("invalid_client", 401), "auth_rejected"),
        (error("device_flow_disabled", 200), "auth_rejected"),
        (error("incorrect_device_code", 200), "auth_rejected"),
        (error("unheard_of"), "auth_rejected"),
        (reply({"message": "no"}, 404), "invalid_response"),
        (reply({}), "invalid_response"),
        (reply({"access_token": 5}), "invalid_response"),
        (reply({"access_token": "two words"}), "invalid_response"),
        (reply({"access_token": "línea"}), "invalid_response"),
    ],
)
async def test_what_ends_a_log_in(monkeypatch: pytest.MonkeyPatch, last: Reply, kind: str) -> None:
    world = World(monkeypatch, reply(CODE), PENDING, last)
    with pytest.raises(RequestFailed) as failed:
        await world.run()
    assert failed.value.kind == kind
    assert "device-0123" not in failed.value.message


@pytest.mark.parametrize(
    ("poll", "kind"),
    [
        (PENDING, "auth_required"),
        (error("slow_down"), "auth_required"),
        (reply({}, 503), "provider_unavailable"),
        (NETWORK, "network"),
    ],
)
async def test_the_end_of_the_code_tells_an_outage_from_a_user_who_did_nothing(
    monkeypatch: pytest.MonkeyPatch, poll: Reply | RequestFailed, kind: str
) -> None:
    world = World(monkeypatch, reply(CODE), poll)
    with pytest.raises(RequestFailed) as failed:
        await world.run()
    assert failed.value.kind == kind
    assert world.now == 1060
    assert all(moment < 1060 for moment in world.polls)


@pytest.mark.parametrize(
    "changes",
    [
        {"device_code": None},
        {"user_code": None},
        {"user_code": "a\x1b[31m"},
        {"user_code": "x" * 65},
        {"verification_uri": None},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "http://elsewhere.example/"},
        {"verification_uri": "https://user:pw@acme.example/"},
        {"verification_uri": "file:///etc/passwd"},
        {"verification_uri": 5},
    ],
)
async def test_a_code_that_nobody_could_enter_is_told_to_nobody(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    world = World(monkeypatch, reply({k: v for k, v in (CODE | changes).items() if v is not None}))
    with pytest.raises(RequestFailed) as failed:
        await world.run()
    assert failed.value.kind == "invalid_response"
    assert world.told == []


@pytest.mark.parametrize(
    ("changes", "opened"),
    [
        ({"verification_uri_complete": f"{URL}/activate?code=WDJB"}, f"{URL}/activate?code=WDJB"),
        ({"verification_uri_complete": "javascript:alert(1)"}, f"{URL}/activate"),
        ({"verification_uri": None, "verification_url": f"{URL}/google"}, f"{URL}/google"),
    ],
)
async def test_the_page_to_open(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], opened: str) -> None:
    fields = {k: v for k, v in (CODE | changes).items() if v is not None}
    world = World(monkeypatch, reply(fields), reply(TOKENS))
    await world.run()
    assert world.told[0].open_uri == opened


async def test_a_code_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, error("unauthorized_client", 400, error_description="Not\x1b[31m allowed"))
    with pytest.raises(RequestFailed, match=r"\[providers.acme.login\]") as failed:
        await world.run()
    assert "\x1b" not in failed.value.message


async def test_a_challenge_where_the_provider_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = TOKENS | {"resource_url": "portal.example"}
    world = World(monkeypatch, reply(CODE), reply(fields))
    wire = msgspec.structs.replace(WIRE, device_pkce=True, base_url_field="resource_url")
    assert (await world.run(wire)).base_url == "portal.example"
    assert world.forms[0]["code_challenge_method"] == "S256"
    assert len(world.forms[1]["code_verifier"]) >= 43


def test_nothing_is_to_be_pasted() -> None:
    place = endpoint(row("acme"), credential=credential(None))
    asked = LogInRequest(endpoint=place, wire=WIRE, client_id="client", method="device")
    with pytest.raises(InvalidParams, match="enter the code"):
        DeviceFlow(HttpPool(), asked).paste(Secret("x"))


async def test_a_cancelled_log_in_asks_no_more() -> None:
    asked: list[str] = []

    async def post(pool: object, at: object, url: str, form: dict[str, str]) -> Reply:
        asked.append(url)
        return reply(CODE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "post_form", post)
        place = endpoint(row("acme"), credential=credential(None))
        flow = DeviceFlow(HttpPool(), LogInRequest(endpoint=place, wire=WIRE, client_id="c", method="device"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flow.run, lambda _: tasks.cancel_scope.cancel())
    assert asked == [f"{URL}/device"]
