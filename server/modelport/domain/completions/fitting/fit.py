"""The step between a request and the writer of a wire format: any valid conversation becomes one that is accepted.

Pure: the same call gives the same result, and the result for a longer conversation begins with that for a shorter one,
so that a provider's cache of prompts still hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from modelport.domain.completions.call import AnswerFormat, ModelCall
from modelport.domain.completions.fitting.pairs import paired
from modelport.domain.completions.fitting.rules import HistoryRules, history_rules
from modelport.domain.completions.fitting.schemas import fitted_tool, strict_schema
from modelport.domain.completions.fitting.turns import placed, without_blanks
from modelport.protocol.types import Message, Tool


def fit(call: ModelCall) -> ModelCall:
    """The call with messages and tools as its endpoint's wire format, row and model accept them.

    Raises:
        InvalidParams: a tool message answers no call, nothing but blank text is left, or the schema of a tool
            is refused by the provider and cannot be rewritten without loss.
    """
    endpoint = call.endpoint
    rules = history_rules(endpoint.provider, endpoint.dialect, call.model)
    messages = placed(without_blanks(paired(_without_foreign_state(call), rules.call_ids)), rules)
    changes: dict[str, Any] = {"messages": tuple(messages), "last_role": call.messages[-1].role}
    if rules.closed_answers:
        changes["answer_format"] = _closed(call.answer_format)
    tools = tuple(fitted_tool(tool, position, call, rules) for position, tool in enumerate(call.tools))
    if rules.called_tools == "defined" and (call.tool_choice == "none" or not tools):
        changes |= _definitions(call, messages, tools, rules)
    else:
        changes["tools"] = tools
    return structs.replace(call, **changes)


def _without_foreign_state(call: ModelCall) -> list[Message]:
    """The messages without the state that another provider or wire format packed."""
    return [
        structs.replace(message, provider_state=None)
        if message.provider_state is not None and not call.state_of(message)
        else message
        for message in call.messages
    ]


def _closed(form: AnswerFormat | None) -> AnswerFormat | None:
    """A strict answer with every object of its schema closed, or one that is not strict where that loses something."""
    if form is None or form.schema is None or not form.strict:
        return form
    closed = strict_schema(form.schema)
    return structs.replace(form, strict=False) if closed is None else structs.replace(form, schema=closed)


def _definitions(
    call: ModelCall, messages: Sequence[Message], tools: tuple[Tool, ...], rules: HistoryRules
) -> dict[str, Any]:
    """Definitions of the tools that were called, where the request has none or asks for no call."""
    called = dict.fromkeys(made.name for message in messages for made in message.tool_calls or ())
    if not called:
        return {"tools": tools}
    known = {tool.name for tool in tools}
    derived = (Tool(name=name) for name in called if name not in known)
    defined = (*tools, *(fitted_tool(tool, 0, call, rules) for tool in derived))
    as_row = "none" in call.endpoint.provider.wire.tool_choice
    forbidden = as_row if rules.forbids_calls == "as_row" else rules.forbids_calls == "always"
    return {"tools": defined, "tool_choice": "none" if forbidden else None}
