"""Whether a model may reason in the turn that is asked for, and what it cannot do besides.

Source: Anthropic documentation, "Extended thinking" (tool use; toggling thinking in conversations; feature
compatibility) and "Adaptive thinking" (which needs no signed beginning).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.protocol.shapes import is_list, is_object
from modelport.protocol.types import Message

REQUESTS = ("reasoning_effort", "reasoning_budget")
"""The parameters that ask for reasoning."""
EFFORTS = ((2048, "low"), (8192, "medium"))
"""The effort that stands for a budget of at most so many tokens."""
MAX_EFFORT = "high"
"""The effort that stands for any larger budget."""
SAMPLING = ("temperature", "top_p", "top_k")
FORCED = ("required", "named")
"""The tool choices that demand a call."""


def unsigned_turn(messages: Sequence[Message], call: ModelCall) -> bool:
    """Whether the turn that goes on began without reasoning that the model of the call has signed.

    A turn begins behind what the user has said, and goes on over calls and their results.
    """
    begin = _begin_of_turn(messages)
    return begin is not None and not _is_signed(begin, call)


def asks_for_reasoning(call: ModelCall) -> bool:
    """Whether the parameters of a call ask for reasoning, and do not turn it off."""
    given = [call.parameters.get(name) for name in REQUESTS]
    return any(value is not None for value in given) and "none" not in given and 0 not in given


def fitted_reasoning(
    call: ModelCall, spoken: Sequence[Message], rules: HistoryRules
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters of a call without those that the reader refuses beside reasoning, or without reasoning.

    Returns them with a note on what was left out, if anything was.
    """
    given = call.parameters
    if not asks_for_reasoning(call):
        return given, ()
    notes: tuple[str, ...] = ()
    if rules.signed_loops != "no" and unsigned_turn(spoken, call):
        if rules.signed_loops == "always":
            return _without(
                given, REQUESTS, f"{call.model} goes on without reasoning in a turn that it did not begin with it"
            )
        given, notes = _with_effort(given, call.model)
    given, more = _without_excluded(given, call, rules)
    return given, notes + more


def _without_excluded(
    given: dict[str, Any], call: ModelCall, rules: HistoryRules
) -> tuple[dict[str, Any], tuple[str, ...]]:
    if rules.exclusive_reasoning == "no":
        return given, ()
    if call.tool_choice in FORCED:
        return _without(given, REQUESTS, f"{call.model} does not reason where it has to call a tool")
    if rules.exclusive_reasoning == "forced_calls":
        return given, ()
    return _without(given, SAMPLING, f"{call.model} samples in its own way while it reasons")


def _with_effort(given: dict[str, Any], model: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters with an effort in place of a budget."""
    budget = given.get("reasoning_budget")
    if budget is None:
        return given, ()
    effort = given.get("reasoning_effort") or next((name for most, name in EFFORTS if budget <= most), MAX_EFFORT)
    kept = {name: value for name, value in given.items() if name != "reasoning_budget"}
    why = f"{model} takes no budget in a turn that it did not begin with reasoning"
    return kept | {"reasoning_effort": effort}, (f"{why}, so reasoning_budget became reasoning_effort {effort}.",)


def _without(given: dict[str, Any], names: Sequence[str], why: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    left_out = [name for name in names if name in given]
    if not left_out:
        return given, ()
    kept = {name: value for name, value in given.items() if name not in names}
    were = "were" if len(left_out) > 1 else "was"
    return kept, (f"{why}, so {' and '.join(left_out)} {were} left out.",)


def _begin_of_turn(messages: Sequence[Message]) -> Message | None:
    """The assistant's message that begins the turn that goes on; None where the user has spoken last."""
    spoken = [message for message in messages if message.role != "system"]
    # What the user says right behind results belongs to their turn.
    while len(spoken) > 1 and spoken[-1].role == "user" and spoken[-2].role == "tool":
        spoken.pop()
    begin: Message | None = None
    for message in reversed(spoken):
        if message.role == "user":
            break
        if message.role == "assistant":
            begin = message
    return begin


def _is_signed(message: Message, call: ModelCall) -> bool:
    state = call.state_of(message)
    outline = state.get("outline")
    if not is_list(outline) or not outline:
        return bool(state.get("details"))
    kept = outline[0].get("kept") if is_object(outline[0]) else None
    return is_object(kept) and kept.get("model", call.model) == call.model
