"""Sampling parameters: their names, aliases and ranges, before any dialect spells them its own way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from modelport.domain.errors import InvalidParams
from modelport.protocol.shapes import is_list

Check = Callable[[Any], bool]


def _number(low: float, high: float) -> Check:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


MAX_INTEGER = 2**63 - 1
"""The largest whole number that readers of JSON take."""


def _integer(low: int) -> Check:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= MAX_INTEGER


def _duration(value: Any) -> bool:
    return isinstance(value, str) or _integer(-MAX_INTEGER)(value)


def _strings(value: Any) -> bool:
    return is_list(value) and all(isinstance(v, str) and v for v in value) and len(value) > 0


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
CHECKS: Mapping[str, tuple[Check, str]] = {
    "temperature": (_number(0, 2), "a number from 0 to 2"),
    "top_p": (_number(0, 1), "a number from 0 to 1"),
    "top_k": (_integer(0), "a whole number, 0 or more"),
    "min_p": (_number(0, 1), "a number from 0 to 1"),
    "max_tokens": (_integer(1), "a whole number, 1 or more"),
    "context_length": (_integer(1), "a whole number, 1 or more"),
    "stop": (_strings, "a text or a list of texts, none of them empty"),
    "seed": (_integer(-(2**63)), "a whole number"),
    "presence_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "repetition_penalty": (_number(0, 10), "a number from 0 to 10"),
    "parallel_tool_calls": (lambda v: isinstance(v, bool), "true or false"),
    "reasoning_effort": (lambda v: v in EFFORTS, "one of " + ", ".join(EFFORTS)),
    "reasoning_budget": (_integer(0), "a whole number of tokens"),
    "keep_alive": (_duration, "a duration such as 5m, or seconds"),
    "user": (lambda v: isinstance(v, str), "a text"),
}
ALIASES: Mapping[str, str] = {
    "temp": "temperature",
    "nucleus_sampling": "top_p",
    "topP": "top_p",
    "topK": "top_k",
    "minP": "min_p",
    "max_length": "max_tokens",
    "maxTokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "num_predict": "max_tokens",
    "context": "context_length",
    "contextLength": "context_length",
    "ctx_size": "context_length",
    "num_ctx": "context_length",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "random_seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "repeat_penalty": "repetition_penalty",
    "repetitionPenalty": "repetition_penalty",
    "parallelToolCalls": "parallel_tool_calls",
    "reasoningEffort": "reasoning_effort",
    "effort": "reasoning_effort",
    "reasoningBudget": "reasoning_budget",
    "thinking_budget": "reasoning_budget",
    "keepAlive": "keep_alive",
}

FIXED: Mapping[str, str] = dict.fromkeys(
    ("special_flags", "flags"),
    "A model server's arguments hold for all its calls: set flags below [local_models] in config.toml.",
)
"""Parameters of other programs that cannot be given with a call, and what to do instead."""


def normalise(raw: Mapping[str, Any] | None) -> dict[str, Any]:
    """Canonical names and checked values; a null counts as absent, one stop text as a list of one.

    Raises:
        InvalidParams: a name is unknown, a value is out of its range, or two names of one
            parameter disagree.
    """
    result: dict[str, Any] = {}
    for given, value in (raw or {}).items():
        if value is None:
            continue
        name = ALIASES.get(given, given)
        if name in FIXED:
            raise InvalidParams(FIXED[name], kind="unsupported", field=f"parameters.{given}")
        if name not in CHECKS:
            known = ", ".join(CHECKS)
            raise InvalidParams(
                f'There is no parameter "{given}"; the known ones are {known}.', field=f"parameters.{given}"
            )
        checked = [value] if name == "stop" and isinstance(value, str) else value
        check, wanted = CHECKS[name]
        if not check(checked):
            raise InvalidParams(f"parameters.{given} must be {wanted}.", field=f"parameters.{given}")
        if result.setdefault(name, checked) != checked:
            raise InvalidParams(
                f"parameters.{given} is another name for {name}, which has a different value: give one of them.",
                field=f"parameters.{given}",
            )
    return result


def refuse_others(parameters: Mapping[str, Any], accepted: Collection[str], *, provider: str, model: str) -> None:
    """Stops a parameter that would be silently lost.

    Raises:
        InvalidParams: a parameter is not among the accepted ones.
    """
    for name in parameters:
        if name not in accepted:
            raise InvalidParams(
                f"{provider} does not take the parameter {name} for {model}: leave it out. "
                f"It takes {', '.join(sorted(accepted))}.",
                kind="unsupported",
                field=f"parameters.{name}",
                provider=provider,
                model=model,
                action="leave the parameter out",
            )
