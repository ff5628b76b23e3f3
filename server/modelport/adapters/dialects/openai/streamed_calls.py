"""Assigns the deltas of tool calls in a stream of Chat Completions to the calls that they belong to.

OpenAI numbers the calls and names each once. Others give every call the index 0 or none, repeat the id or the name in
every delta, change the id, or send a name in pieces.
"""

from __future__ import annotations

from msgspec import Struct

from modelport.adapters.wire.errors import NotUnderstood
from modelport.domain.completions.call import Answer

MAX_NAME_CHARS = 1024
"""What the pieces of a tool's name may add up to; no vendor allows names of a quarter of it."""


class _Begun(Struct):
    """A tool call that has begun; id and name are empty until they arrive."""

    position: int
    id: str = ""
    name: str = ""
    arguments: bool = False
    """Whether any have come."""


class StreamedCalls:
    """The calls of an answer. ``tools`` are the names that a call can have, as far as they are known.

    Raises:
        NotUnderstood: from ``delta``, for a name that does not end.
    """

    def __init__(self, answer: Answer, tools: frozenset[str]) -> None:
        self._answer = answer
        self._tools = tools
        self._begun = 0
        # The most recent tool call per wire index; under None the most recent overall.
        self._latest: dict[int | None, _Begun] = {}
        self._by_id: dict[str, _Begun] = {}

    def delta(self, index: int | None, call_id: str, name: str, arguments: str) -> int | None:
        """Adds a delta to its call. Returns the position of the call in the answer, None for no call at all."""
        call = self._latest.get(index)
        if not call_id and not name and (call is not None or not arguments or self._renumbered(index)):
            # Nearly every delta.
            call = self._latest.get(index)
            if call is not None and arguments:
                call.arguments = True
                self._latest[None] = call
                self._answer.tool_call(call.position, arguments=arguments)
            return None if call is None else call.position
        call = (self._by_id.get(call_id) if index is None else None) or self._latest.get(index)
        if call is not None and self._repeats(call, call_id, arguments):
            return call.position
        if call is None or self._is_next(call, index, call_id, name, arguments):
            if last := self._latest.get(None):
                # Its name has no more pieces to come.
                self._answer.tool_call(last.position)
            call = _Begun(self._begun)
            self._begun += 1
        self._latest[index] = self._latest[None] = call
        if call_id and not call.id:
            call.id = call_id
        if call_id:
            self._by_id[call_id] = call
        if name and not (call.arguments and call.name):
            call.name = self._joined(call.name, name)
        call.arguments = call.arguments or bool(arguments)
        self._answer.tool_call(
            call.position,
            call_id=call_id,
            name=call.name if name else "",
            arguments=arguments,
            partial=not call.arguments and call.name not in self._tools,
        )
        return call.position

    def _renumbered(self, index: int | None) -> bool:
        """Whether arguments under a number that is not known belong to the latest call, which then gets that number.

        They do where that has none yet: a call of its own would have a name.
        """
        last = self._latest.get(None)
        if last is None or last.arguments:
            return False
        self._latest[index] = last
        return True

    def _repeats(self, call: _Begun, call_id: str, arguments: str) -> bool:
        """Whether a delta brings all arguments of a call once more, as some servers end one."""
        other = bool(call_id and call.id and call_id != call.id)
        return arguments[:1] == "{" and not other and self._answer.arguments_equal(call.position, arguments)

    def _joined(self, before: str, name: str) -> str:
        """A name that is repeated, grows from delta to delta, or comes in pieces."""
        if name.startswith(before):
            return name
        if before in self._tools:
            return before
        if len(before) + len(name) > MAX_NAME_CHARS:
            raise NotUnderstood(b"", "the name of a tool has no end")
        return before + name

    def _is_next(self, call: _Begun, index: int | None, call_id: str, name: str, arguments: str) -> bool:
        """Whether a delta begins another call than the one that has begun under its index.

        A delta that brings neither a new id nor a name goes on with it. To complete arguments nothing is added.
        """
        other_id = bool(call_id and call.id and call_id != call.id)
        other_name = bool(name and call.name and name != call.name)
        if not (other_id or name):
            return False
        if not call.arguments:
            # Nothing has come of them yet: a name in pieces, or a call that has none.
            unnumbered = index is None and bool(name)
            return (other_id and (other_name or unnumbered)) or self._is_tool(call.name, name)
        if call_id and call_id == call.id:
            again = other_name or not self._answer.arguments_equal(call.position, "{}")
            return again and bool(name) and arguments[:1] == "{" and self._whole(call)
        if self._whole(call):
            return other_id or other_name or bool(call.name and arguments)
        # Arguments that have begun end with their object, whatever the ids say; another object is another call's.
        return index is None and other_id and bool(name) and arguments[:1] in ("", "{")

    def _is_tool(self, before: str, name: str) -> bool:
        """Whether both are names of tools, so that one is no piece of the other."""
        return name != before and before in self._tools and name in self._tools

    def _whole(self, call: _Begun) -> bool:
        return self._answer.has_whole_arguments(call.position)
