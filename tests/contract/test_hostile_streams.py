"""Completers: events that no honest server sends end in an answer or in a failure of the contract, after bounded work."""

from __future__ import annotations

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from modelport.adapters.dialects.http_completer import HttpCompleter
from modelport.adapters.dialects.reply import SLICE_BYTES
from modelport.adapters.dialects.table import load_wire_format
from modelport.domain.completions.call import Answer
from modelport.domain.errors import RequestFailed
from support.builders import answer, call, endpoint, row, stub_exchange, tool
from support.event_stream import frame, header
from support.long_streams import ENDS, KINDS

LONG = "x" * 400_000
NUMBERS = ["1e400", "-1e400", "1e9999999999999999999", "1" * 5000, "-1", str(2**63), str(2**64), "1e-400", "0.1"]
"""Numbers where small counts and positions are expected."""


def data_of(dialect: str, value: Any) -> tuple[str, str]:
    name, value = value if dialect == "bedrock_converse" else ("", value)
    return name, json.dumps(value)


def framed(dialect: str, name: str, data: str) -> bytes:
    if dialect == "bedrock_converse":
        headers = header(":event-type", name) + header(":content-type", "application/json")
        return frame(headers + header(":message-type", "event"), data.encode())
    return data.encode() + b"\n" if dialect == "ollama" else b"data: " + data.encode() + b"\n\n"


async def complete(dialect: str, *chunks: bytes) -> Answer | RequestFailed:
    built = answer()
    tools = () if dialect == "openai_completions" else (tool(),)
    asked = call(endpoint=endpoint(row(dialect=dialect), base_url="https://acme.example"), tools=tools)
    try:
        await HttpCompleter(load_wire_format(dialect), stub_exchange(*chunks)).complete(asked, built)
    except RequestFailed as failure:
        failed = failure
    else:
        failed = None
    if failed is not None:
        assert len(failed.message) < 1000
        return failed
    built.tool_calls(), built.whole_state(), built.counts, built.reported_costs
    return built


def events(dialect: str) -> list[tuple[str, str]]:
    """An event of each kind of a format."""
    made = [make(0) for make in KINDS[dialect].values()]
    found = [event for one in made for event in (one if isinstance(one, list) else [one])]
    return [data_of(dialect, event) for event in found + ENDS[dialect]]


def with_numbers(data: str, number: str) -> str:
    """The event with every number in it replaced."""
    return json.dumps(_numbered(json.loads(data))).replace('"NUMBER"', number)


def _numbered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbered(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbered(item) for item in value]
    return "NUMBER" if isinstance(value, int) and not isinstance(value, bool) else value


def with_texts(data: str) -> str:
    """The event with every text in it a long one, but for those that say what it is."""
    return json.dumps(_lengthened(json.loads(data)))


def _lengthened(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v if k in ("type", "finish_reason") else _lengthened(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_lengthened(item) for item in value]
    return LONG if isinstance(value, str) else value


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("dialect", KINDS)
async def test_numbers_beyond_all_bounds(dialect: str, number: str) -> None:
    ends = [framed(dialect, *data_of(dialect, end)) for end in ENDS[dialect]]
    for name, data in events(dialect):
        await complete(dialect, framed(dialect, name, with_numbers(data, number)), *ends)


@pytest.mark.parametrize("dialect", KINDS)
async def test_texts_names_and_ids_beyond_all_bounds(dialect: str) -> None:
    ends = [framed(dialect, *data_of(dialect, end)) for end in ENDS[dialect]]
    for name, data in events(dialect):
        await complete(dialect, framed(dialect, name, with_texts(data)), *ends)


@pytest.mark.parametrize("dialect", KINDS)
async def test_the_same_key_twice_and_nesting_without_end(dialect: str) -> None:
    ends = [framed(dialect, *data_of(dialect, end)) for end in ENDS[dialect]]
    for name, data in events(dialect):
        twice = data[:-1] + "," + data[1:]
        deep = data[:-1] + ',"x":' + "[" * 100_000 + "]" * 100_000 + "}"
        for odd in (twice, deep, '{"a":' * 50_000 + "1" + "}" * 50_000):
            await complete(dialect, framed(dialect, name, odd), *ends)


@pytest.mark.parametrize("dialect", KINDS)
async def test_a_list_of_a_million_values(dialect: str) -> None:
    many = '{"choices":[' + "{}," * 400_000 + "{}]}"
    failed = await complete(dialect, framed(dialect, "contentBlockDelta", many))
    assert isinstance(failed, RequestFailed)
    assert failed.kind == "invalid_response"
    assert isinstance(await complete(dialect, many.replace("{},", "{}\n,").encode()), RequestFailed)


async def test_a_name_in_pieces_has_an_end() -> None:
    def delta(name: str) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": name}}]}}]}

    deltas = [framed("openai_chat", "", json.dumps(delta(f"{number:08}"))) for number in range(1000)]
    failed = await complete("openai_chat", *deltas)
    assert isinstance(failed, RequestFailed)
    assert failed.kind == "invalid_response"


@pytest.mark.parametrize("line", [b"data:\n", b"{\n", b"data: " + b"x" * 70_000], ids=["empty", "bare", "one line"])
async def test_an_event_without_end(line: bytes) -> None:
    chunk = line * (256 * 1024 // len(line) + 1)
    needed = 16 * 1024 * 1024 // len(chunk) + 2
    failed = await complete("openai_chat", b"data: x", *[chunk] * needed)
    assert isinstance(failed, RequestFailed)
    assert failed.kind == "invalid_response"


@pytest.mark.parametrize("dialect", KINDS)
async def test_other_tasks_have_their_turn_while_one_chunk_of_many_events_is_read(dialect: str) -> None:
    name, data = data_of(dialect, KINDS[dialect]["text"](0))
    chunk = framed(dialect, name, data) * 3000
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await complete(dialect, chunk, *[framed(dialect, *data_of(dialect, end)) for end in ENDS[dialect]])
        tasks.cancel_scope.cancel()
    assert turns >= len(chunk) // SLICE_BYTES - 2
