"""A completion as a turn of the conversation that goes on with it."""

from __future__ import annotations

from modelport.protocol.types import Completion, Message


def as_message(completion: Completion) -> Message:
    """A completion as the assistant's message of the next turn: its text, its tool calls, its provider's state."""
    return Message(
        role="assistant",
        content=completion.text or (None if completion.tool_calls else ""),
        tool_calls=completion.tool_calls or None,
        provider_state=completion.provider_state,
    )
