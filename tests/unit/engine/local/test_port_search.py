"""The search over ports: both addresses of one, what comes first, its limits and its errors. On a clock of its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import anyio
import pytest

from modelport.domain.local.servers import PortCandidate, ServerAddress
from modelport.engine.local.port_search import PortSearch
from support.builders import VirtualTime

FOUR, SIX = "127.0.0.1", "::1"
FOREVER = 1e9
HEAD_START_S = 0.5


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


Answers = Mapping[tuple[str, int], tuple[float, Sequence[str]]]
"""By host and port, how long it takes to identify the servers there in seconds, and their names."""


class Named:
    """A ``ServerKind`` whose records are names; a record is reported with its host and port behind it."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.identified: list[ServerAddress] = []
        self.reported: list[tuple[float, str]] = []
        self.running = self.most = 0

    async def identify(self, address: ServerAddress) -> Sequence[str]:
        self.identified.append(address)
        delay_s, names = self.answers.get((address.host, address.port), (0.0, ()))
        self.running += 1
        self.most = max(self.most, self.running)
        await anyio.sleep(delay_s)
        self.running -= 1
        return names

    def identity(self, record: str) -> Hashable:
        return record.partition(" ")[0]

    def head_start_s(self) -> float:
        return HEAD_START_S

    def report(self, address: ServerAddress, record: str) -> str:
        self.reported.append((round(anyio.current_time(), 6), record))
        return f"{record} {address.host} {address.port}"


async def search(answers: Answers, *ports: int, **options: Any) -> tuple[list[str], Named]:
    kind = Named(answers)
    looking = PortSearch(kind, **options)
    await looking.run(map(PortCandidate, ports))
    return looking.records(), kind


async def test_records_come_in_the_order_of_ports_then_of_addresses_then_of_the_server() -> None:
    answers = {(SIX, 1): (0.0, ["c"]), (FOUR, 2): (0.1, ["d", "e"]), (FOUR, 1): (0.2, ["b", "a"])}
    records, kind = await search(answers, 2, 1)
    assert records == ["b 127.0.0.1 1", "a 127.0.0.1 1", "c ::1 1", "d 127.0.0.1 2", "e 127.0.0.1 2"]
    assert [name for _, name in kind.reported] == ["d", "e", "b", "a", "c"]


async def test_a_server_at_both_addresses_is_reported_at_the_first_if_that_comes_within_the_head_start() -> None:
    for first_s, host, reported_s in ((0.2, FOUR, 0.2), (HEAD_START_S + 0.2, SIX, 0.1 + HEAD_START_S)):
        began = anyio.current_time()
        records, kind = await search({(FOUR, 1): (first_s, ["a"]), (SIX, 1): (0.1, ["a"])}, 1)
        assert records == [f"a {host} 1"]
        assert kind.reported == [(round(began + reported_s, 6), "a")]


async def test_the_second_address_waits_no_longer_than_for_the_first() -> None:
    began = anyio.current_time()
    records, kind = await search({(FOUR, 1): (0.2, ["a"]), (SIX, 1): (0.1, ["b"])}, 1)
    assert records == ["a 127.0.0.1 1", "b ::1 1"]
    assert kind.reported == [(round(began + 0.2, 6), "a"), (round(began + 0.2, 6), "b")]


async def test_nothing_at_the_second_address_waits_for_nothing() -> None:
    began = anyio.current_time()
    await search({(FOUR, 1): (0.1, ())}, 1)
    assert round(anyio.current_time() - began, 6) == 0.1


async def test_equal_servers_of_one_address_and_of_other_ports_are_several() -> None:
    records, _ = await search({(FOUR, 1): (0.0, ["a", "a"]), (FOUR, 2): (0.0, ["a"])}, 1, 2)
    assert records == ["a 127.0.0.1 1", "a 127.0.0.1 1", "a 127.0.0.1 2"]


async def test_a_port_with_one_address_has_no_other() -> None:
    kind = Named({(FOUR, 1): (0.0, ["a"])})
    looking = PortSearch(kind)
    await looking.run([PortCandidate(1, (FOUR,))])
    assert looking.records() == ["a 127.0.0.1 1"]
    assert kind.identified == [ServerAddress(FOUR, 1)]


async def test_more_ports_are_looked_at_besides_and_known_ones_not_again() -> None:
    kind = Named({(FOUR, 1): (0.2, ["a"]), (FOUR, 2): (0.0, ["b"])})
    looking = PortSearch(kind)

    async def more() -> list[PortCandidate]:
        await anyio.sleep(0.1)
        return [PortCandidate(1), PortCandidate(2), PortCandidate(1, prefix="/x")]

    began = anyio.current_time()
    await looking.run([PortCandidate(1), PortCandidate(1)], more)
    # A server that answers below two paths of its port counts once too.
    assert looking.records() == ["a 127.0.0.1 1", "b 127.0.0.1 2"]
    assert kind.reported == [(round(began + 0.1, 6), "b"), (round(began + 0.2, 6), "a")]
    looked = [(address.host, address.port, address.prefix) for address in kind.identified]
    assert sorted(looked) == sorted(
        (host, port, prefix) for host in (FOUR, SIX) for port, prefix in ((1, ""), (2, ""), (1, "/x"))
    )


@pytest.mark.parametrize("ports_at_once", [None, 64])
async def test_addresses_are_probed_port_by_port(ports_at_once: int | None) -> None:
    """Servers at the first addresses alone would all be probed at one moment, and few of them could answer in time."""
    _, kind = await search({}, 2, 1, 3, ports_at_once=ports_at_once)
    assert [(address.host, address.port) for address in kind.identified] == [
        (host, port) for port in (2, 1, 3) for host in (FOUR, SIX)
    ]


async def test_only_so_many_ports_are_looked_at_together_with_both_their_addresses() -> None:
    slow = {(host, port): (1.0, [str(port)]) for host in (FOUR, SIX) for port in range(9)}
    records, kind = await search(slow, *range(9), ports_at_once=3)
    assert (len(records), kind.most) == (9, 6)
    _, unlimited = await search(slow, *range(9))
    assert unlimited.most == 18


async def test_what_was_found_before_a_search_is_cancelled_is_kept() -> None:
    looking = PortSearch(Named({(FOUR, 1): (0.0, ["a"]), (FOUR, 2): (FOREVER, ["b"])}))
    with anyio.move_on_after(1):
        await looking.run([PortCandidate(1), PortCandidate(2)])
    assert looking.records() == ["a 127.0.0.1 1"]


class Gone(Exception):
    pass


@pytest.mark.parametrize("host", [FOUR, SIX])
async def test_an_error_comes_out_alone_whichever_address_it_is_of(host: str) -> None:
    class Breaking(Named):
        def report(self, address: ServerAddress, record: str) -> str:
            raise Gone

    looking = PortSearch(Breaking({(host, 1): (0.0, ["a"]), (FOUR, 2): (FOREVER, ())}))
    with pytest.raises(Gone):
        await looking.run([PortCandidate(1), PortCandidate(2)])


async def test_an_error_of_the_list_of_ports_comes_out_alone() -> None:
    async def more() -> list[PortCandidate]:
        raise Gone

    with pytest.raises(Gone):
        await PortSearch(Named({(FOUR, 1): (FOREVER, ())})).run([PortCandidate(1)], more)
