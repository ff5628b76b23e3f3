"""Completers: what an event costs does not grow with the events before it, in any format and for any kind of event."""

from __future__ import annotations

import time

import pytest

from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, load_wire_format
from modelport.domain.completions.call import Answer
from modelport.frontends.lsp.updates import UpdateStream
from support.builders import call, endpoint, row, stub_exchange, tool
from support.long_streams import CASES, ENDS, KINDS, TOOL, chunks

SHORT, LONG = 250, 5_000
MAX_RATIO = 2.5
"""Of the CPU time of an event in a long stream to that in a short one. Work that grows with what came before shows as
20 times; what the machine does meanwhile shows as less than two."""
ROUNDS = 2
"""The least of these counts. A long stream takes long, so its later rounds are only for one whose first was over the ratio."""


class Unwritten:
    """An outbox that nothing is written from."""

    def ready(self, source: UpdateStream) -> None:
        pass


class Written(UpdateStream):
    """Updates that a client takes as soon as the provider's next chunk is wanted."""

    @property
    def congested(self) -> bool:
        self.frames()
        return False


async def event_s(dialect: str, kind: str, length: int) -> float:
    """The CPU time of one event of a stream."""
    body = chunks(dialect, kind, length)
    asked = call(
        endpoint=endpoint(row(dialect=dialect), base_url="https://acme.example"),
        tools=() if dialect == "openai_completions" else (tool(TOOL),),
    )
    answer = Answer(Written("s", Unwritten()))
    completer = HttpCompleter(load_wire_format(dialect), stub_exchange(*body))
    begun = time.thread_time()
    await completer.complete(asked, answer)
    answer.whole_text(), answer.tool_calls(), answer.whole_state(), answer.output_characters()
    return (time.thread_time() - begun) / length


def test_every_format_that_streams_is_here() -> None:
    assert KINDS.keys() == ENDS.keys() == MODULES.keys() - OWN_COMPLETERS


@pytest.mark.parametrize(("dialect", "kind"), CASES, ids=[f"{dialect}-{kind}" for dialect, kind in CASES])
async def test_an_event_costs_the_same_in_a_long_stream(dialect: str, kind: str) -> None:
    short = min([await event_s(dialect, kind, SHORT) for _ in range(ROUNDS)])
    long = await event_s(dialect, kind, LONG)
    for _ in range(1, ROUNDS):
        if long / short >= MAX_RATIO:
            long = min(long, await event_s(dialect, kind, LONG))
    assert long / short < MAX_RATIO, f"{short * 1e6:.1f} µs an event of {SHORT}, {long * 1e6:.1f} µs of {LONG}"
