"""Assigns the deltas of tool calls to calls that have begun, in formats in which an event begins each call."""

from __future__ import annotations


class BlockCalls:
    """The calls of an answer by the wire's index of their block.

    Where the index is missing, in a delta or where the call begins, the latest block counts.
    """

    def __init__(self) -> None:
        # Under None the latest block's, if that is a call.
        self._positions: dict[int | None, int] = {}
        self._ids: list[str] = []
        self._with_deltas: set[int] = set()
        self._numbered = True

    def begin(self, index: int | None, call_id: str) -> int:
        """A call begins. Returns its position in the answer: the same one where a server says so twice."""
        position = None if index is None else self._positions.get(index)
        another = bool(call_id and position is not None and self._ids[position] != call_id)
        if position is None or another or (not call_id and position in self._with_deltas):
            position = len(self._ids)
            self._ids.append(call_id)
        self._positions[index] = self._positions[None] = position
        self._numbered = index is not None
        return position

    def begin_other(self) -> None:
        """A block begins that is no call."""
        self._positions.pop(None, None)

    def at(self, index: int | None) -> int | None:
        """The position of the call that a delta belongs to; None where there is none."""
        position = self._positions.get(index)
        if position is None and not self._numbered:
            position = self._positions.get(None)
        if position is not None:
            self._with_deltas.add(position)
        return position
