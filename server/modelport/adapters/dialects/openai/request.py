"""The request parameters that the two OpenAI formats share."""

from __future__ import annotations

from typing import Any

from modelport.adapters.wire.prompt_cache import cache_key
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import refuse_others

SAMPLING = frozenset(
    {"temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "user"}
)


def parameters(call: ModelCall) -> dict[str, Any]:
    """The sampling parameters under their names in Chat Completions, and the name of the cache of prompts.

    Raises:
        InvalidParams: one of them cannot be sent to this provider.
    """
    row = call.endpoint.provider
    wire = row.wire
    accepted = (SAMPLING | {"max_tokens"} | set(wire.extra_parameters)) - set(wire.refused_parameters)
    if wire.reasoning_request is not None:
        accepted |= {"reasoning_effort"}
    if wire.reasoning_request in _WITH_BUDGET and "reasoning_effort" not in call.parameters:
        accepted |= {"reasoning_budget"}
    refuse_others(call.parameters, accepted, provider=row.id, model=call.model)
    names = {"max_tokens": wire.max_tokens_field, "seed": wire.seed_field}
    special = ("reasoning_effort", "reasoning_budget")
    body = {names.get(k, k): v for k, v in call.parameters.items() if k not in special}
    return body | _reasoning(call) | cache_key(call)


_WITH_BUDGET = frozenset({"enable_thinking", "reasoning_object", "thinking_type"})


def _reasoning(call: ModelCall) -> dict[str, Any]:
    effort = call.parameters.get("reasoning_effort")
    budget = call.parameters.get("reasoning_budget")
    if effort is None and budget is None:
        return {}
    wanted = effort != "none" and budget != 0
    match call.endpoint.provider.wire.reasoning_request:
        case "reasoning_object":
            inner = {"effort": effort} if effort is not None else {"max_tokens": budget}
            return {"reasoning": inner}
        case "enable_thinking":
            return {"enable_thinking": wanted} | ({"thinking_budget": budget} if budget else {})
        case "chat_template_kwargs":
            return {"chat_template_kwargs": {"enable_thinking": wanted}}
        case "thinking_type":
            kind: dict[str, Any] = {"type": "enabled" if wanted else "disabled"}
            return {"thinking": kind | ({"budget_tokens": budget} if budget else {})}
        case "think":
            return {"think": wanted if effort in (None, "none") else effort}
        case _:
            return {"reasoning_effort": effort}
