"""Splits ``<think>`` passages out of a text stream, wherever the pieces cut the tags."""

from __future__ import annotations

from modelport.domain.completion import Answer

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags:
    """Feeds an answer from text in which reasoning stands between tags, at the beginning only.

    A server that has its own reasoning field, or a model that writes about the tag later on,
    is left alone.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._held = ""
        self._state = "start"

    def text(self, piece: str) -> None:
        """More text from the wire."""
        if self._state == "open":
            self._answer.text(piece)
            return
        self._held += piece
        if self._state == "start":
            self._begin()
        if self._state == "inside":
            self._inside()

    def _begin(self) -> None:
        body = self._held.lstrip()
        if body.startswith(OPEN):
            self._held = body[len(OPEN) :].lstrip("\n")
            self._state = "inside"
        elif not OPEN.startswith(body):
            self._state = "open"
            self._answer.text(self._held)
            self._held = ""

    def _inside(self) -> None:
        thought, close, rest = self._held.partition(CLOSE)
        if close:
            self._answer.reasoning(thought)
            self._state, self._held = "open", ""
            self._answer.text(rest.lstrip("\n"))
            return
        # Keep back what may be the beginning of the closing tag.
        keep = next((n for n in range(min(len(CLOSE) - 1, len(thought)), 0, -1) if thought.endswith(CLOSE[:n])), 0)
        self._answer.reasoning(thought[: len(thought) - keep])
        self._held = thought[len(thought) - keep :]
