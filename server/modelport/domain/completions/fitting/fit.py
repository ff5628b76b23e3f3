"""The step between a request and the writer of a wire format: any valid conversation becomes one that is accepted.

Pure: the same call gives the same result, and the result for a longer conversation begins with that for a shorter one,
so that a provider's cache of prompts still hits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.answers import fitted_answer
from modelport.domain.completions.fitting.names import called_names, fitted_names, with_names
from modelport.domain.completions.fitting.pairs import paired
from modelport.domain.completions.fitting.reasoning import fitted_reasoning
from modelport.domain.completions.fitting.rules import HistoryRules, history_rules
from modelport.domain.completions.fitting.schemas import fitted_tool
from modelport.domain.completions.fitting.turns import placed, without_blanks
from modelport.protocol.types import Message, Tool

CONTEXT = "context_length"
FitTool = Callable[[Tool, int, ModelCall, HistoryRules], Tool]
"""Takes a tool, its position and the call; returns the tool as the rules want it."""


def fit(call: ModelCall, fit_tool: FitTool = fitted_tool) -> ModelCall:
    """The call with messages and tools as its endpoint's wire format, row and model accept them.

    ``fit_tool`` gives what ``fitted_tool`` does, and may know it from an earlier call.

    Raises:
        InvalidParams: a tool message answers no call, nothing but blank text is left, or the schema of a tool or of
            the answer is refused by the provider and cannot be rewritten without loss.
    """
    endpoint = call.endpoint
    rules = history_rules(endpoint.provider, endpoint.dialect, call.model)
    spoken = without_blanks(paired(_without_foreign_state(call), rules.call_ids))
    messages = placed(spoken, rules)
    tools = tuple(fit_tool(tool, position, call, rules) for position, tool in enumerate(call.tools))
    names = fitted_names((*(tool.name for tool in tools), *called_names(messages)), rules.tool_names)
    messages, tools = with_names(messages, tools, names)
    changes: dict[str, Any] = {
        "messages": messages,
        "last_role": call.messages[-1].role,
        "answer_format": fitted_answer(call, rules),
        "named_tool": names.get(call.named_tool or "", call.named_tool),
        "given_names": {fitted: given for given, fitted in names.items()},
    }
    changes |= _parameters(call, spoken, rules)
    if rules.called_tools == "defined" and (call.tool_choice == "none" or not tools):
        changes |= _definitions(call, messages, tools, rules)
    else:
        changes["tools"] = tools
    return structs.replace(call, **changes)


def _parameters(call: ModelCall, spoken: Sequence[Message], rules: HistoryRules) -> dict[str, Any]:
    """The parameters without those that have no effect here, with a note for each."""
    parameters, notes = call.parameters, call.notes
    if CONTEXT in parameters and not rules.sets_context:
        parameters = {name: value for name, value in parameters.items() if name != CONTEXT}
        notes += (_no_context(call),)
    parameters, more = fitted_reasoning(structs.replace(call, parameters=parameters), spoken, rules)
    return {"parameters": parameters, "notes": notes + more}


def _no_context(call: ModelCall) -> str:
    name = call.endpoint.provider.display_name
    return f"{name} sets the context length itself, so the parameter {CONTEXT} was left out."


def _without_foreign_state(call: ModelCall) -> list[Message]:
    """The messages without the state that another provider or wire format packed."""
    return [
        structs.replace(message, provider_state=None)
        if message.provider_state is not None and not call.state_of(message)
        else message
        for message in call.messages
    ]


def _definitions(
    call: ModelCall, messages: Sequence[Message], tools: tuple[Tool, ...], rules: HistoryRules
) -> dict[str, Any]:
    """Definitions of the tools that were called, where the request has none or asks for no call."""
    called = dict.fromkeys(called_names(messages))
    if not called:
        return {"tools": tools}
    known = {tool.name for tool in tools}
    derived = (Tool(name=name) for name in called if name not in known)
    defined = (*tools, *(fitted_tool(tool, 0, call, rules) for tool in derived))
    as_row = "none" in call.endpoint.provider.wire.tool_choice
    forbidden = as_row if rules.forbids_calls == "as_row" else rules.forbids_calls == "always"
    return {"tools": defined, "tool_choice": "none" if forbidden else None}
