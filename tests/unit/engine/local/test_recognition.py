"""Requests in waves: which paths each wave has, and what ends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio
import anyio.lowlevel
import pytest

from modelport.domain.local.fingerprints import Fingerprint, Fingerprints, Probe, Reply
from modelport.engine.local.recognition import recognise_in_waves, request_each

FACTS = {"checked": "2026-11-20", "source": "made up"}


def named(path: str, name: str = "acme") -> Probe:
    return Probe(path=path, json={"name": name})


BOOK = Fingerprints(
    waves=(("/a",), ("/b", "/c"), ("/d", "/e"), ("/f",)),
    other_services=(),
    server=(
        Fingerprint(provider="first", ways=((named("/a"),),), **FACTS),
        Fingerprint(provider="second", ways=((named("/b"), named("/d")), (named("/f"),)), **FACTS),
        Fingerprint(provider="third", ways=((named("/c"),), (named("/a", "other"), named("/e"))), **FACTS),
        Fingerprint(provider="plain", ways=((Probe(path="/c", has=("data",)),),), last=True, **FACTS),
    ),
)  # fmt: skip
MISSING = Reply(status=404, text="not found")


def reply(text: str, **fields: object) -> Reply:
    return Reply(status=200, text=text, json=fields)


async def waves(
    replies: Mapping[str, Reply | None], *, compare_waves: bool = False
) -> tuple[str | None, list[list[str]]]:
    """The provider that is recognised, and the paths of each wave. A path without a reply is answered with 404."""
    answers: dict[str, Reply] = {}
    sent: list[list[str]] = []

    async def send(paths: Sequence[str]) -> None:
        sent.append([*paths])
        answers.update({path: one for path in paths if (one := replies.get(path, MISSING))})

    match = await recognise_in_waves(BOOK, answers, send, compare_waves=compare_waves)
    return match.row.provider if match else None, sent


async def test_a_server_that_is_recognised_is_sent_no_further_wave() -> None:
    assert await waves({"/a": reply("a", name="acme")}) == ("first", [["/a"]])
    assert await waves({"/c": reply("c", name="acme")}) == ("third", [["/a"], ["/b", "/c"]])


async def test_a_wave_has_only_the_paths_that_could_still_settle_it() -> None:
    provider, sent = await waves({"/f": reply("f", name="acme")})
    assert (provider, sent) == ("second", [["/a"], ["/b", "/c"], [], ["/f"]])
    provider, sent = await waves({"/b": reply("b", name="acme"), "/d": reply("d", name="acme")})
    assert (provider, sent) == ("second", [["/a"], ["/b", "/c"], ["/d"]])
    provider, sent = await waves({"/a": reply("a", name="other"), "/e": reply("e", name="acme")})
    assert (provider, sent) == ("third", [["/a"], ["/b", "/c"], ["/e"]])


async def test_a_row_that_comes_last_waits_for_the_last_wave() -> None:
    plain = {"/c": reply("c", data=[])}
    assert await waves(plain) == ("plain", [["/a"], ["/b", "/c"], [], ["/f"]])
    assert (await waves(plain | {"/f": reply("f", name="acme")}))[0] == "second"


async def test_an_address_without_an_answer_is_sent_one_wave() -> None:
    assert await waves({"/a": None, "/b": reply("b")}) == (None, [["/a"]])


@pytest.mark.parametrize(
    ("texts", "by_wave", "by_all"),
    [
        # By path, the page; then how many waves are sent.
        ({"/a": "page", "/b": "page", "/c": "page"}, 2, 2),
        ({"/a": "other", "/b": "page", "/c": "page"}, 2, 4),
        ({"/a": "page", "/b": "page", "/c": "other"}, 4, 4),
    ],
)
async def test_the_same_page_for_every_path_ends_it(texts: dict[str, str], by_wave: int, by_all: int) -> None:
    replies = {path: reply(text) for path, text in texts.items()}
    for compare_waves, count in ((True, by_wave), (False, by_all)):
        provider, sent = await waves(replies, compare_waves=compare_waves)
        assert (provider, len(sent)) == (None, count)


async def test_the_same_page_may_still_be_one_that_comes_last() -> None:
    page = reply("page", data=[])
    assert (await waves({"/a": page, "/b": page, "/c": page})) == ("plain", [["/a"], ["/b", "/c"]])


@pytest.mark.parametrize("count", [0, 1, 2, 9])
async def test_every_path_is_requested_and_only_so_many_at_once(count: int) -> None:
    running = most = 0
    requested: list[str] = []

    async def request(path: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        requested.append(path)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        running -= 1

    paths = [f"/{number}" for number in range(count)]
    await request_each(paths, request, at_once=3)
    assert requested == paths
    assert most == min(count, 3)
