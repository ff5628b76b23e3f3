"""The configuration in force: taken again when it changes, kept when the new one is broken."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.configuration import Configuration, Document, FileRead, Problem
from modelport.domain.providers.registry import Registry
from modelport.engine.providers.configuration import LOOK_INTERVAL_S, ActiveConfiguration
from support.builders import MemoryStore, Scripted, Variables, VirtualTime, connections, row

MISTAKE = Problem(message="There is no such setting.", key="providers.acme.x", line=3)
REMARK = Problem(message="A key in a file.", level="warning")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


class File:
    """A configuration file that can be written; ``readers`` are the threads that read it, ``looks`` counts stamps."""

    def __init__(self) -> None:
        self.readers: list[int] = []
        self.looks = 0
        self._stamp = 0
        self._read = FileRead(path="/home/me/config.toml", exists=False, configuration=Configuration())

    def write(self, *problems: Problem, default_model: str | None = None, **providers: Any) -> None:
        document = msgspec.convert({"providers": providers, "default_model": default_model}, Document)
        broken = any(problem.level == "error" for problem in problems)
        self._stamp += 1
        self._read = FileRead(
            path="/home/me/config.toml",
            exists=True,
            configuration=None if broken else Configuration(document=document),
            problems=problems,
        )

    def stamp(self) -> object:
        self.looks += 1
        return self._stamp

    def read(self) -> FileRead:
        self.readers.append(threading.get_ident())
        return self._read


ACME = {"base_url": "https://acme.example/v1", "default_model": "large"}


@pytest.fixture
def file() -> File:
    return File()


def started(file: File) -> tuple[Registry, ActiveConfiguration]:
    registry = Registry([row("openai")])
    configuration = ActiveConfiguration(registry, file)
    configuration.load()
    return registry, configuration


async def test_a_file_that_is_in_order_has_no_news_at_the_start(file: File) -> None:
    file.write(acme=ACME)
    registry, configuration = started(file)
    assert configuration.take_notices() == []
    assert registry.find("acme") is not None
    assert (configuration.path, configuration.exists, configuration.broken) == ("/home/me/config.toml", True, False)
    assert configuration.check().detail == "/home/me/config.toml, own providers: 1"


async def test_requests_at_the_same_moment_cost_one_look(file: File) -> None:
    _, configuration = started(file)
    before = file.looks
    for _ in range(5):
        await configuration.refresh()
    assert file.looks == before + 1
    await anyio.sleep(LOOK_INTERVAL_S)
    await configuration.refresh()
    assert file.looks == before + 2


async def test_a_client_that_announces_a_change_need_not_wait(file: File) -> None:
    registry, configuration = started(file)
    await configuration.refresh()
    file.write(acme=ACME)
    await configuration.refresh()
    assert registry.find("acme") is None
    await configuration.refresh(now=True)
    assert registry.find("acme") is not None


async def test_a_request_soon_after_a_look_does_not_wait_for_the_event_loop(file: File) -> None:
    active = ActiveConfiguration(Registry([]), file)
    await active.refresh()
    with pytest.raises(StopIteration):
        active.refresh().send(None)


async def test_a_request_waits_for_a_look_that_is_under_way(file: File) -> None:
    registry, configuration = started(file)
    file.write(acme=ACME)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(configuration.refresh)
        await anyio.lowlevel.checkpoint()
        await configuration.refresh()
        assert registry.find("acme") is not None


async def test_a_change_counts_a_moment_later_and_is_read_once_in_another_thread(file: File) -> None:
    registry, configuration = started(file)
    await configuration.refresh()
    assert len(file.readers) == 1
    file.write(acme=ACME)
    await anyio.sleep(LOOK_INTERVAL_S)
    await configuration.refresh()
    await anyio.sleep(LOOK_INTERVAL_S)
    await configuration.refresh()
    assert len(file.readers) == 2
    assert file.readers[1] != threading.get_ident()
    assert registry.get("acme").default_model == "large"
    assert [notice.text for notice in configuration.take_notices()] == ["config.toml has been read."]
    assert configuration.take_notices() == []


async def test_a_broken_file_keeps_the_last_good_one_and_says_so(file: File) -> None:
    file.write(acme=ACME, openai={"timeout_s": 7})
    registry, configuration = started(file)
    file.write(MISTAKE)
    await configuration.refresh()
    assert registry.find("acme") is not None
    assert registry.defaults(registry.get("openai")).idle_timeout_s == 7
    assert [(notice.level, notice.text) for notice in configuration.take_notices()] == [
        ("error", "config.toml: Line 3, providers.acme.x: There is no such setting."),
        ("error", "config.toml is not used: The last one without an error stays in force."),
    ]
    check = configuration.check()
    assert check.status == "fail"
    assert "stays in force" in check.detail
    file.write(beta=ACME)
    await configuration.refresh(now=True)
    assert registry.find("acme") is None
    assert registry.defaults(registry.get("openai")).idle_timeout_s is None
    assert configuration.check().status == "ok"


async def test_a_file_that_is_broken_at_the_start_leaves_what_ships(file: File) -> None:
    file.write(MISTAKE)
    registry, configuration = started(file)
    assert [found.id for found in registry.all()] == ["openai"]
    assert "Only the providers that Modelport knows" in configuration.take_notices()[-1].text


async def test_what_only_the_merge_finds_breaks_the_file_too(file: File) -> None:
    file.write(opnai={"timeout_s": 3})
    _, configuration = started(file)
    assert [problem.key for problem in configuration.problems] == ["providers.opnai"]
    assert configuration.broken


async def test_problems_are_in_the_order_of_their_lines(file: File) -> None:
    later = Problem(message="A key in a file.", level="warning", line=9)
    file.write(later, REMARK, opnai={"timeout_s": 3})
    _, configuration = started(file)
    assert [problem.line for problem in configuration.problems] == [None, None, 9]
    file.write(later, MISTAKE)
    await configuration.refresh(now=True)
    assert [problem.line for problem in configuration.problems] == [3, 9]


async def test_a_warning_is_told_and_the_file_is_used(file: File) -> None:
    file.write(REMARK, acme=ACME)
    registry, configuration = started(file)
    assert registry.find("acme") is not None
    assert [notice.level for notice in configuration.take_notices()] == ["warning"]
    assert configuration.check().status == "warn"


# A session under a configuration that changes.


async def test_a_connection_follows_the_file(file: File) -> None:
    file.write(acme=ACME)
    registry, configuration = started(file)
    dialects: Any = Scripted()
    _, session = connections(registry, Variables(), MemoryStore(), dialects)
    from modelport.protocol.types import ConnectProviderParams

    await session.connect(ConnectProviderParams(provider="acme", timeout_ms=2000))
    file.write(acme={**ACME, "base_url": "https://moved.example", "timeout_s": 60, "verify_tls": False})
    await configuration.refresh()
    target = await session.target(None, None)
    endpoint = await session.endpoint(target.provider, target.model)
    assert (endpoint.base_url, endpoint.idle_timeout_s, endpoint.verify_tls) == ("https://moved.example", 2, False)


async def test_a_request_that_names_nothing_goes_to_the_default_model(file: File) -> None:
    registry, configuration = started(file)
    dialects: Any = Scripted()
    _, session = connections(registry, Variables(), MemoryStore(), dialects)
    with pytest.raises(InvalidParams):
        await session.target(None, None)
    file.write(default_model="acme/large", acme=ACME)
    await configuration.refresh()
    target = await session.target(None, None)
    assert (target.provider.id, target.model) == ("acme", "large")
