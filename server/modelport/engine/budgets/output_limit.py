"""Ends an answer whose output costs more than its budgets have left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from modelport.domain.completions.call import Answer
from modelport.domain.completions.listener import Listener
from modelport.domain.spending.usage import CHARACTERS_PER_TOKEN

Extend = Callable[[int], Awaitable[int]]
"""Reserves for more output than so many tokens, as far as there is room; the tokens that are reserved for then."""


class OutputLimit(Listener):
    """Counts the output of an answer on its way to a listener, and knows when it exceeds a limit in tokens."""

    def __init__(self, listener: Listener, max_tokens: int) -> None:
        self._listener = listener
        self._characters = 0
        self._max_characters = max_tokens * CHARACTERS_PER_TOKEN
        self._exceeded = anyio.Event()

    @property
    def tokens(self) -> int:
        """The output so far, estimated by its length and rounded up."""
        return -(-self._characters // CHARACTERS_PER_TOKEN)

    async def exceeded(self) -> None:
        """Returns once the output exceeds the limit."""
        await self._exceeded.wait()

    def raise_to(self, max_tokens: int) -> bool:
        """Sets another limit; whether the output is within it."""
        self._max_characters = max_tokens * CHARACTERS_PER_TOKEN
        if self._characters > self._max_characters:
            return False
        self._exceeded = anyio.Event()
        return True

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > self._max_characters:
            self._exceeded.set()

    def text(self, text: str) -> None:
        """More of the answer."""
        self._count(text)
        self._listener.text(text)

    def reasoning(self, text: str) -> None:
        """More of the reasoning."""
        self._count(text)
        self._listener.reasoning(text)

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        """More of a tool call."""
        self._count(arguments)
        self._listener.tool_call(index, call_id, name, arguments)

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Passed on."""
        self._listener.attempt(provider, model, reason)

    def reset(self) -> None:
        """Passed on; what was sent is paid for all the same."""
        self._listener.reset()

    def progress(self, message: str) -> None:
        """Passed on."""
        self._listener.progress(message)

    @property
    def congested(self) -> bool:
        """Whether the listener is behind."""
        return self._listener.congested

    async def drained(self) -> None:
        """Returns when the listener has room again."""
        await self._listener.drained()


async def end_beyond(max_tokens: int, extend: Extend, answer: Answer, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work that fills an answer, and cancels it once its output exceeds what can be reserved for it.

    The answer then has ended with the reason ``budget``. While ``extend`` waits for the ledger, the answer goes on.
    """
    limit = OutputLimit(answer.listener, max_tokens)
    answer.listener = limit
    done = False
    failure: Exception | None = None

    async def watch(scope: anyio.CancelScope) -> None:
        while True:
            await limit.exceeded()
            if not limit.raise_to(await extend(limit.tokens)):
                scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, tasks.cancel_scope)
        try:
            await work()
            done = True
        except Exception as error:  # noqa: BLE001  raised below, since a group of tasks would put it into a group
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not done and answer.finish_reason is None:
        answer.finish("budget")
