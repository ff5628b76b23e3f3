"""A stream of updates: numbered, merged while they wait, never out of order."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.frontends.lsp.updates import MAX_WAITING_CHARS, UpdateStream


class Box:
    """An outbox that only notes who has something to say."""

    def __init__(self) -> None:
        self.announced = 0

    def ready(self, source: object) -> None:
        self.announced += 1


def stream(stream_id: str = "s") -> UpdateStream:
    return UpdateStream(stream_id, Box())  # type: ignore[arg-type]


def taken(updates: UpdateStream) -> list[dict[str, Any]]:
    """The params of the notifications that leave now; their frames must be exact."""
    data = updates.frames()
    found: list[dict[str, Any]] = []
    while data:
        header, _, rest = data.partition(b"\r\n\r\n")
        length = int(header.removeprefix(b"Content-Length: "))
        message = json.loads(rest[:length])
        assert message["jsonrpc"] == "2.0"
        assert message["method"] == "completion/update"
        found.append(message["params"])
        data = rest[length:]
    return found


def test_a_delta_is_an_update() -> None:
    updates = stream()
    updates.text("Hello")
    assert taken(updates) == [{"streamId": "s", "seq": 0, "update": {"kind": "text", "text": "Hello"}}]


def test_deltas_that_leave_together_are_one_update_and_later_ones_another() -> None:
    updates = stream()
    updates.text("Hel")
    updates.text("lo")
    assert [p["update"]["text"] for p in taken(updates)] == ["Hello"]
    updates.text(" there")
    assert [(p["seq"], p["update"]["text"]) for p in taken(updates)] == [(1, " there")]
    assert taken(updates) == []


def test_kinds_keep_their_order() -> None:
    updates = stream()
    updates.reasoning("Hm")
    updates.reasoning(".")
    updates.text("Yes.")
    updates.tool_call(0, "c", "f", "")
    updates.tool_call(0, None, None, '{"x"')
    updates.tool_call(0, None, None, ":1}")
    updates.tool_call(1, None, None, "{}")
    updates.text("Done.")
    updates.attempt("p", "m", "tls")
    assert [(p["seq"], p["update"]) for p in taken(updates)] == [
        (0, {"kind": "reasoning", "text": "Hm."}),
        (1, {"kind": "text", "text": "Yes."}),
        (2, {"kind": "toolCall", "index": 0, "id": "c", "name": "f", "argumentsDelta": ""}),
        (3, {"kind": "toolCall", "index": 0, "argumentsDelta": '{"x":1}'}),
        (4, {"kind": "toolCall", "index": 1, "argumentsDelta": "{}"}),
        (5, {"kind": "text", "text": "Done."}),
        (6, {"kind": "attempt", "provider": "p", "model": "m", "reason": "tls"}),
    ]


@pytest.mark.parametrize(("id_", "name"), [("c", None), (None, "f")])
def test_an_id_or_a_name_alone_is_an_update_of_its_own(id_: str | None, name: str | None) -> None:
    updates = stream()
    updates.tool_call(0, id_, name, "{")
    updates.tool_call(0, None, None, "}")
    first, second = (p["update"] for p in taken(updates))
    assert (first.get("id"), first.get("name"), first["argumentsDelta"]) == (id_, name, "{")
    assert second["argumentsDelta"] == "}"


def test_a_reset_stands_between_what_came_before_it_and_after_it() -> None:
    updates = stream()
    updates.text("Hel")
    updates.reset()
    updates.text("Hello")
    assert [told["update"] for told in taken(updates)] == [
        {"kind": "text", "text": "Hel"},
        {"kind": "reset"},
        {"kind": "text", "text": "Hello"},
    ]
    updates.reset()
    assert taken(updates) == [{"streamId": "s", "seq": 3, "update": {"kind": "reset"}}]


def test_a_reset_alone_is_announced_once() -> None:
    box = Box()
    updates = UpdateStream("s", box)  # type: ignore[arg-type]
    updates.reset()
    updates.text("x")
    assert box.announced == 1


def test_two_failovers_are_two_updates() -> None:
    updates = stream()
    updates.attempt("p", "m", "tls")
    updates.attempt("p", "m", "tls")
    assert len(taken(updates)) == 2


@pytest.mark.parametrize("odd", ['"', "\\", "\n", "\x00", "naïve 東京 😀", "</script>", "a" * 100_000])
def test_any_text_is_carried_as_it_is(odd: str) -> None:
    updates = stream(odd[:50])
    updates.text(odd)
    updates.tool_call(0, odd, odd, odd)
    updates.attempt(odd, odd, odd)
    text, call, attempt = taken(updates)
    assert text["streamId"] == odd[:50]
    assert text["update"]["text"] == odd
    assert (call["update"]["id"], call["update"]["name"], call["update"]["argumentsDelta"]) == (odd, odd, odd)
    assert (attempt["update"]["provider"], attempt["update"]["model"]) == (odd, odd)


DELTA = st.tuples(st.sampled_from(["text", "reasoning", "tool", "name"]), st.integers(0, 2), st.text(min_size=1, max_size=3))  # fmt: skip


@given(st.lists(DELTA | st.none()))
def test_nothing_is_lost_or_moved_whenever_there_is_room(deltas: list[tuple[str, int, str] | None]) -> None:
    updates = stream()
    seen: list[dict[str, Any]] = []
    sent: list[tuple[Any, str]] = []
    for delta in deltas:
        if delta is None:
            seen += taken(updates)
            continue
        kind, index, text = delta
        if kind == "tool":
            updates.tool_call(index, None, None, text)
        elif kind == "name":
            updates.tool_call(index, text, text, text)
        else:
            getattr(updates, kind)(text)
        sent.append(((kind, index if kind in ("tool", "name") else 0), text))
    seen += taken(updates)
    assert [p["seq"] for p in seen] == list(range(len(seen)))

    def merged(values: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
        return [(key, "".join(text for _, text in group)) for key, group in groupby(values, key=lambda v: v[0])]

    received: list[tuple[Any, str]] = []
    for update in (p["update"] for p in seen):
        if update["kind"] == "toolCall":
            received.append((("name" if "id" in update else "tool", update["index"]), update["argumentsDelta"]))
        else:
            received.append(((update["kind"], 0), update["text"]))
    assert merged(received) == merged(sent)


def test_the_outbox_is_called_once_until_it_collects() -> None:
    box = Box()
    updates = UpdateStream("s", box)  # type: ignore[arg-type]
    updates.text("a")
    updates.text("b")
    updates.reasoning("c")
    assert box.announced == 1
    taken(updates)
    updates.text("d")
    assert box.announced == 2


def test_an_empty_delta_that_names_a_call_is_sent_too() -> None:
    box = Box()
    updates = UpdateStream("s", box)  # type: ignore[arg-type]
    updates.tool_call(0, "c", "f", "")
    assert box.announced == 1
    assert len(taken(updates)) == 1


async def test_who_makes_the_answer_waits_for_a_client_that_is_far_behind() -> None:
    updates = stream()
    updates.text("x" * MAX_WAITING_CHARS)
    assert not updates.congested
    updates.text("x")
    assert updates.congested
    drained = False

    async def wait() -> None:
        nonlocal drained
        await updates.drained()
        drained = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert not drained
        taken(updates)
        await anyio.wait_all_tasks_blocked()
        assert drained
    assert not updates.congested


async def test_a_client_that_keeps_up_is_never_waited_for() -> None:
    updates = stream()
    updates.text("x")
    with anyio.fail_after(1):
        await updates.drained()
