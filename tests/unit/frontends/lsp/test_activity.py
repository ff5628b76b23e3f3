"""One busy period for all that runs at once, with the message of what has begun last."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from modelport.frontends.lsp.activity import MAX_MESSAGE_CHARS, Activity
from modelport.frontends.lsp.handlers.table import HANDLERS, handle
from modelport.frontends.lsp.handlers.titles import TITLES
from modelport.frontends.rpc.messages import convert
from modelport.protocol import types
from modelport.protocol.methods import METHODS

FROM_MEMORY = {"credential/input", "provider/list", "provider/disconnect", "provider/status", "credential/list", "usage/summary", "usage/snapshot", "usage/delta", "usage/history", "budget/list"}  # fmt: skip
"""What waits for nothing outside the server: its data, its ledger and its own state."""


class World:
    """An activity, and what it has sent."""

    def __init__(self) -> None:
        self.sent: list[types.StatusChangedParams] = []
        self.activity = Activity(self.sent.append)

    @property
    def said(self) -> list[tuple[bool, str | None]]:
        assert {status.kind for status in self.sent} <= {"normal"}
        return [(status.busy, status.message) for status in self.sent]


def test_a_call_is_busy_from_its_begin_to_its_end() -> None:
    world = World()
    with world.activity.during("a"):
        assert world.said == [(True, "a")]
    assert world.said == [(True, "a"), (False, None)]


def test_a_failure_ends_it_too() -> None:
    world = World()
    with pytest.raises(ZeroDivisionError), world.activity.during("a"):
        raise ZeroDivisionError
    assert world.said[-1] == (False, None)


def test_overlapping_calls_are_one_period_with_the_latest_message() -> None:
    world = World()
    first, second, third = (world.activity.during(name) for name in ("first", "second", "third"))
    first.__enter__()
    second.__enter__()
    third.__enter__()
    second.__exit__(None, None, None)
    third.__exit__(None, None, None)
    first.__exit__(None, None, None)
    assert world.said == [
        (True, "first"),
        (True, "second"),
        (True, "third"),
        (True, "first"),
        (False, None),
    ]


def test_the_same_message_is_not_sent_twice() -> None:
    world = World()
    with world.activity.during("a"), world.activity.during("a"):
        pass
    assert world.said == [(True, "a"), (False, None)]


def test_a_long_message_is_cut() -> None:
    world = World()
    with world.activity.during("x" * 5000):
        pass
    assert world.sent[0].message == "x" * MAX_MESSAGE_CHARS


async def test_a_cancelled_call_is_over() -> None:
    world = World()
    async with anyio.create_task_group() as tasks:

        async def work() -> None:
            with world.activity.during("a"):
                await anyio.sleep_forever()

        tasks.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        assert world.said == [(True, "a")]
        tasks.cancel_scope.cancel()
    assert world.said == [(True, "a"), (False, None)]


def test_every_method_that_waits_has_a_title() -> None:
    assert set(HANDLERS) - set(TITLES) == FROM_MEMORY
    assert set(TITLES) <= set(HANDLERS)


LEAST: dict[str, Any] = {"provider": "groq", "model": "m", "input": "x", "prompt": "x", "secret": "k"}


@pytest.mark.parametrize("method", TITLES)
def test_a_title_is_one_short_sentence_without_a_secret(method: str) -> None:
    title = TITLES[method](convert(LEAST, METHODS[method]))
    assert title[0].isupper()
    assert "None" not in title
    assert "\n" not in title
    assert len(title) < 80


@pytest.mark.parametrize(
    ("params", "title"),
    [
        ({}, "Asking the model"),
        ({"provider": "groq"}, "Asking groq"),
        ({"provider": "groq", "model": "m"}, "Asking m"),
    ],
)
def test_the_title_of_a_call_names_what_the_request_names(params: dict[str, Any], title: str) -> None:
    assert TITLES["completion/create"](types.CreateCompletionParams(**params)) == title


async def test_a_method_is_busy_while_its_handler_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    world, seen = World(), []

    async def handler(session: Any, params: Any) -> str:
        seen.extend(world.said)
        return "done"

    for method in ("token/count", "provider/status"):
        monkeypatch.setitem(HANDLERS, method, handler)
    assert await handle(world, "token/count", types.CountTokenParams(model="m")) == "done"  # type: ignore[arg-type]
    assert (seen, world.said) == ([(True, "Asking m")], [(True, "Asking m"), (False, None)])
    assert await handle(world, "provider/status", types.StatusProviderParams()) == "done"  # type: ignore[arg-type]
    assert len(world.said) == 2
