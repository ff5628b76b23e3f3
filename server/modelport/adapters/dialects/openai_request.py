"""What the two OpenAI formats say alike in a request."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from modelport.adapters.dialects.listings import read_page
from modelport.domain.completion import ModelCall
from modelport.domain.errors import InvalidParams
from modelport.domain.parameters import refuse_others

SAMPLING = frozenset(
    {"temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "user"}
)


def parameters(call: ModelCall) -> dict[str, Any]:
    """The sampling parameters under their names in Chat Completions.

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
    return body | _reasoning(call)


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


def tool_choice(call: ModelCall, takes: Collection[str] | None = None) -> Any:
    """The ``tool_choice`` of Chat Completions, or None to leave it out; ``none`` means: send no tools.

    ``takes`` names the choices the format has a place for; absent: those of the row.

    Raises:
        InvalidParams: the provider does not take this choice.
    """
    choice = call.tool_choice
    row = call.endpoint.provider
    takes = row.wire.tool_choice if takes is None else takes
    if choice in (None, "none"):
        return choice
    if choice == "auto":
        return "auto" if "auto" in takes else None
    if choice not in takes:
        raise InvalidParams(
            f"{row.display_name} cannot be made to call a tool: leave toolChoice out or set it to auto.",
            kind="unsupported",
            field="toolChoice",
            provider=row.id,
            model=call.model,
            action="set toolChoice to auto",
        )
    if choice == "named":
        return {"type": "function", "function": {"name": call.named_tool}}
    return choice


def answer_format(call: ModelCall) -> dict[str, Any] | None:
    """The ``response_format`` of Chat Completions, or None for free text.

    Raises:
        InvalidParams: the provider does not take this form.
    """
    form = call.answer_format
    if form is None:
        return None
    row = call.endpoint.provider
    takes = row.wire.response_formats
    if form.schema is None and "json_object" in takes:
        return {"type": "json_object"}
    if "json_schema" in takes:
        inner: dict[str, Any] = {"name": form.name, "schema": form.schema or {"type": "object"}}
        return {"type": "json_schema", "json_schema": inner | {"strict": form.strict and form.schema is not None}}
    what = "a JSON schema: use type json" if takes else "a response format: ask for JSON in the prompt"
    raise InvalidParams(
        f"{row.display_name} does not take {what}.",
        kind="unsupported",
        field="responseFormat",
        provider=row.id,
        model=call.model,
        action="change responseFormat",
    )


def model_ids(body: bytes) -> tuple[str, ...]:
    """The ids of a model listing, in all the shapes seen.

    Raises:
        NotUnderstood: not JSON, or neither an object nor a list.
    """
    return tuple(model.id for model in read_page(body).models)
