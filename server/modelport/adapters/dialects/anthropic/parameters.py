"""The parameters of Anthropic Messages: sampling, limit, reasoning and the form of the answer.

Source: Anthropic API reference, Messages.
"""

from __future__ import annotations

from typing import Any

from modelport.adapters.wire.model_families import (
    Family,
    accepted_parameters,
    claude_family,
    reasoning_budget,
    reasoning_fields,
)
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.parameters import refuse_others

DEFAULT_MAX_TOKENS = 8192
PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
}
OTHER_PARAMETERS = frozenset({"reasoning_effort", "reasoning_budget", "user", "parallel_tool_calls"})


def parameters(call: ModelCall) -> dict[str, Any]:
    """The fields that carry a call's parameters, with the limit that the format requires.

    Raises:
        InvalidParams: the model does not take one of them.
    """
    row, given = call.endpoint.provider, call.parameters
    family = claude_family(call.model)
    refuse_others(given, _accepted(call, family), provider=row.id, model=call.model)
    budget = given.get("reasoning_budget", 0) if family is None else reasoning_budget(call, family)
    body: dict[str, Any] = {"max_tokens": (row.wire.default_max_tokens or DEFAULT_MAX_TOKENS) + budget}
    body |= {PARAMETERS[name]: value for name, value in given.items() if name in PARAMETERS}
    return body | _output(call, _thinking(call) if family is None else reasoning_fields(call, family))


def _accepted(call: ModelCall, family: Family | None) -> frozenset[str]:
    """The parameters that the model takes."""
    given = call.parameters
    if family is None:
        accepted = frozenset(PARAMETERS.keys() | OTHER_PARAMETERS)
        accepted -= {"reasoning_budget"} if given.get("reasoning_effort") == "none" else set()
    else:
        accepted = accepted_parameters(family, given) | {"user"}
    return accepted - set(call.endpoint.provider.wire.refused_parameters)


def _thinking(call: ModelCall) -> dict[str, Any]:
    """The thinking of a model that is no Claude, as servers with Anthropic's format take it."""
    effort, budget = call.parameters.get("reasoning_effort"), call.parameters.get("reasoning_budget")
    body: dict[str, Any] = {}
    if budget:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    elif budget == 0 or effort == "none":
        body["thinking"] = {"type": "disabled"}
    elif effort is not None:
        body["thinking"] = {"type": "adaptive"}
    if effort not in (None, "none"):
        body["output_config"] = {"effort": "low" if effort == "minimal" else effort}
    return body


def _output(call: ModelCall, body: dict[str, Any]) -> dict[str, Any]:
    """These fields with the form of the answer, which shares a place with the effort."""
    form = call.answer_format
    if form is None or form.schema is None:
        return body
    output = body.get("output_config", {}) | {"format": {"type": "json_schema", "schema": form.schema}}
    return body | {"output_config": output}
