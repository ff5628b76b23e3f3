"""Splits ``<think>`` passages out of a text stream, wherever the chunks cut the tags."""

from __future__ import annotations

from modelport.domain.completions.call import Answer

OPEN, CLOSE = "<think>", "</think>"
MAX_BLANK_CHARS = 1024
"""White space that may stand before the tag."""


class ThinkTags:
    """Feeds an answer from text in which reasoning stands between tags, at the beginning only.

    A server that has its own reasoning field, or a model that writes about the tag later on,
    is left alone.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._held = ""
        # One after the other: start, opened, inside, closed, text; without a tag, start and text.
        self._state = "start"

    def text(self, delta: str) -> None:
        """More text from the wire."""
        if self._state == "text":
            self._answer.text(delta)
            return
        self._held += delta
        if self._state == "start":
            self._begin()
        if self._state == "opened":
            self._skip_line_breaks("inside")
        if self._state == "inside":
            self._inside()
        if self._state == "closed":
            self._skip_line_breaks("text")
        if self._state == "text":
            self.close()

    def close(self) -> None:
        """Gives out what was held back for a tag that did not come."""
        held, self._held = self._held, ""
        (self._answer.reasoning if self._state == "inside" else self._answer.text)(held)
        self._state = "text"

    def _begin(self) -> None:
        body = self._held.lstrip()
        if body.startswith(OPEN):
            self._held = body[len(OPEN) :]
            self._state = "opened"
        elif not OPEN.startswith(body) or len(self._held) > MAX_BLANK_CHARS:
            self._state = "text"

    def _skip_line_breaks(self, then: str) -> None:
        self._held = self._held.lstrip("\n")
        if self._held:
            self._state = then

    def _inside(self) -> None:
        thought, close, rest = self._held.partition(CLOSE)
        if close:
            self._answer.reasoning(thought)
            self._state, self._held = "closed", rest
            return
        # Keep back what may be the beginning of the closing tag.
        keep = next((n for n in range(min(len(CLOSE) - 1, len(thought)), 0, -1) if thought.endswith(CLOSE[:n])), 0)
        self._answer.reasoning(thought[: len(thought) - keep])
        self._held = thought[len(thought) - keep :]
