"""Values that the configuration keeps elsewhere: found when they are needed, once, and never shown."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from modelport.domain.errors import RequestFailed
from modelport.domain.providers.configuration import ValueSource
from modelport.domain.providers.connection import Overrides
from modelport.domain.providers.registry import Registry
from modelport.protocol import types
from modelport.protocol.secret import Secret
from support.builders import MemoryStore, Printing, Scripted, Variables, connections, row, values

KEY = "key-0123456789abcdef"
ACME = row("acme")
COMMAND = ("/usr/bin/pass", "show", "acme")
SOURCES = {"X-Env": ValueSource(env="TEAM"), "X-Cmd": ValueSource(command=COMMAND), "X-Plain": Secret("plain")}


def registry(**overrides: Any) -> Registry:
    return Registry([ACME, row("beta")], {"acme": Overrides(**overrides)})


def world(
    store: MemoryStore | None = None, printing: Printing | None = None, variables: Any = None, **overrides: Any
) -> Any:
    dialects: Any = Scripted()
    return connections(
        registry(**overrides), Variables(**(variables or {})), store or MemoryStore(), dialects, commands=printing
    )


async def test_headers_come_from_where_they_are() -> None:
    printing = Printing(**{COMMAND[0]: "printed"})
    _, connected = world(printing=printing, variables={"TEAM": " core ", "ACME_API_KEY": KEY}, header_sources=SOURCES)
    for _ in range(2):
        endpoint = await connected.endpoint(ACME, "m")
        assert {name: value.reveal() for name, value in endpoint.headers.items()} == {"X-Env": "core", "X-Cmd": "printed", "X-Plain": "plain"}  # fmt: skip
    assert printing.runs == [COMMAND]
    assert {"ACME_API_KEY", "BETA_API_KEY", "TEAM"} <= printing.secret_env_vars


async def test_a_header_of_the_connection_takes_the_place_of_the_files() -> None:
    printing = Printing()
    _, connected = world(printing=printing, header_sources={"X-Cmd": ValueSource(command=COMMAND)})
    await connected.connect(
        types.ConnectProviderParams(provider="acme", headers={"x-cmd": Secret("own")}, api_key=Secret(KEY))
    )
    endpoint = await connected.endpoint(ACME, "m")
    assert {name: value.reveal() for name, value in endpoint.headers.items()} == {"x-cmd": "own"}
    assert printing.runs == []


@pytest.mark.parametrize(
    ("source", "printed", "word"),
    [
        (ValueSource(env="TEAM"), {}, "TEAM, which is not set"),
        (ValueSource(command=COMMAND), {}, "the command pass, which is not there"),
        (ValueSource(command=COMMAND), {COMMAND[0]: "a\u00e9b"}, "cannot be sent"),
    ],
)
async def test_a_value_that_is_not_there_says_where_it_was_looked_for(
    source: ValueSource, printed: Any, word: str
) -> None:
    _, connected = world(printing=Printing(**printed), variables={"ACME_API_KEY": KEY}, header_sources={"X-A": source})
    with pytest.raises(RequestFailed, match=word) as caught:
        await connected.endpoint(ACME, "m")
    assert (caught.value.kind, caught.value.provider) == ("auth_required", "acme")
    assert "X-A" in caught.value.message
    assert "show" not in caught.value.message
    assert "/usr/bin" not in caught.value.message


async def test_callers_at_the_same_time_wait_for_one_run() -> None:
    class Slow(Printing):
        async def output(self, command: Any, secret_env_vars: Any) -> Secret:
            await anyio.lowlevel.checkpoint()
            return await super().output(command, secret_env_vars)

    printing = Slow(**{COMMAND[0]: KEY})
    looked_up = values(registry(), Variables(), printing)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(looked_up.run_command, COMMAND, ACME, "its key")
    assert len(printing.runs) == 1


# The key command in the order of credentials.


async def test_the_order_is_connection_environment_command_keyring_file() -> None:
    printing = Printing(**{COMMAND[0]: "from-the-command"})
    store = MemoryStore(acme="from-the-keyring")
    credentials, _ = world(store, printing, key_command=COMMAND, file_key=Secret("from-the-file"))
    defaults = Overrides(key_command=COMMAND, file_key=Secret("from-the-file"))

    found = await credentials.find(ACME, Overrides(api_key=Secret("own"), key_command=COMMAND), None)
    assert (found.source, printing.runs) == ("session", [])
    found = await credentials.find(ACME, defaults, None)
    assert (found.source, found.secret, found.location) == ("command", Secret("from-the-command"), "pass")
    found = await credentials.find(ACME, Overrides(file_key=Secret("from-the-file")), None)
    assert (found.source, found.secret) == ("keyring", Secret("from-the-keyring"))
    store.keys.clear()
    found = await credentials.find(ACME, Overrides(file_key=Secret("from-the-file"), file_name="config.json"), None)
    assert (found.source, found.secret, found.location) == ("file", Secret("from-the-file"), "config.json")
    credentials, _ = world(store, printing, {"ACME_API_KEY": "from-the-environment"}, key_command=COMMAND)
    assert (await credentials.find(ACME, defaults, None)).source == "environment"


async def test_a_command_that_gives_nothing_is_told_and_no_other_key_is_sent() -> None:
    credentials, _ = world(MemoryStore(acme=KEY), Printing(), key_command=COMMAND)
    with pytest.raises(RequestFailed, match="its key comes from the command pass"):
        await credentials.find(ACME, Overrides(key_command=COMMAND), None)


async def test_a_list_runs_no_command_and_still_says_where_the_key_is() -> None:
    printing = Printing(**{COMMAND[0]: KEY})
    credentials, _ = world(printing=printing, key_command=COMMAND)
    (status,) = await credentials.list()
    assert (status.provider, status.source, status.location, status.last4) == ("acme", "command", "pass", None)
    assert printing.runs == []
    await credentials.find(ACME, Overrides(key_command=COMMAND), None)
    assert [status.last4 for status in await credentials.list()] == [KEY[-4:]]


async def test_a_command_is_not_run_where_the_user_may_not_be_asked() -> None:
    printing = Printing(**{COMMAND[0]: KEY})
    _, connected = world(printing=printing, key_command=COMMAND)
    view = await connected.connect(types.ConnectProviderParams(provider="acme", model="m", verify=False))
    assert (view.model, view.credential.source, view.credential.last4) == ("m", "command", None)
    assert printing.runs == []
    assert (await connected.endpoint(ACME, "m")).credential.secret == Secret(KEY)


async def test_a_key_that_was_refused_is_asked_for_again() -> None:
    printing = Printing(**{COMMAND[0]: KEY})
    _, connected = world(printing=printing, key_command=COMMAND)
    await connected.endpoint(ACME, "m")
    connected.record_health("acme", 1.0, RequestFailed("rate_limited", "later", provider="acme"))
    await connected.endpoint(ACME, "m")
    assert len(printing.runs) == 1
    connected.record_health("acme", 1.0, RequestFailed("auth_rejected", "no", provider="acme"))
    printing.printed[COMMAND[0]] = "another"
    assert (await connected.endpoint(ACME, "m")).credential.secret == Secret("another")


async def test_a_proxy_comes_from_the_environment() -> None:
    _, connected = world(variables={"CORP": "http://proxy:1", "ACME_API_KEY": KEY}, proxy=ValueSource(env="CORP"), ca_file="a.pem", verify_tls=False)  # fmt: skip
    endpoint = await connected.endpoint(ACME, "m")
    assert (endpoint.proxy, endpoint.ca_file, endpoint.verify_tls) == (Secret("http://proxy:1"), "a.pem", False)
