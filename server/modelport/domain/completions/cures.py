"""Refusals that name their own cure: a field to leave out, or the name that the model wants it under.

A cure changes nothing of what is asked: it renames a limit, or leaves out a field that only shapes the answer.
Source: error messages of OpenAI, Azure OpenAI, Anthropic, Groq, xAI, vLLM and LiteLLM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Body = Mapping[str, Any]

RENAMES: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_completion_tokens", "max_output_tokens"),
    "max_completion_tokens": ("max_tokens",),
    "seed": ("random_seed",),
    "random_seed": ("seed",),
}
"""The names that a field may have elsewhere."""
OPTIONAL = (
    "temperature", "top_p", "topP", "p", "top_k", "topK", "k", "min_p", "seed", "random_seed", "stop", "stopSequences",
    "stop_sequences", "presence_penalty", "presencePenalty", "frequency_penalty", "frequencyPenalty",
    "repetition_penalty", "parallel_tool_calls", "stream_options", "reasoning_effort", "reasoning", "thinking",
    "enable_thinking", "thinking_budget", "chat_template_kwargs", "include", "user", "metadata", "prompt_cache_key",
)  # fmt: skip
"""Fields without which a model answers the same question, the longest names not first: a name is matched whole."""
MENTIONS: Mapping[str, str] = {"encrypted content": "include"}
"""Words for a field that is not named itself."""
INSIDE = ("generationConfig", "inferenceConfig", "options", "additionalModelRequestFields", "output_config")
"""Fields that hold parameters in their turn."""
_REFUSED = re.compile(
    r"not support|unsupported|unknown|unrecogni[sz]ed|unexpected|not permitted|deprecated|not allowed|not accept"
    r"|not available|not compatible|incompatible|only the default|may only be set|can ?not be (?:set|used|specified)",
    re.IGNORECASE,
)


class Cure(Struct, frozen=True):
    """One change of a body: the field at ``path`` is renamed, or left out where ``name`` is empty."""

    path: tuple[str, ...]
    name: str = ""


def find_cure(refusal: str, body: Body) -> Cure | None:
    """The cure that a refusal names for a field of the body; None where it names none."""
    for place in _places(body):
        for field, names in RENAMES.items():
            wanted = next((name for name in names if field in place[1] and _used(name, refusal)), None)
            if wanted is not None and _named(field, refusal):
                return Cure((*place[0], field), wanted)
    if not _REFUSED.search(refusal):
        return None
    for path, fields in _places(body):
        for field in OPTIONAL:
            words = [word for word, meant in MENTIONS.items() if meant == field]
            if field in fields and (_named(field, refusal) or any(word in refusal.casefold() for word in words)):
                return Cure((*path, field))
    return None


def cured(body: Body, cure: Cure) -> dict[str, Any]:
    """A copy of the body with a cure applied; a field that is not there changes nothing."""
    changed = dict(body)
    first, *more = cure.path
    if first not in changed:
        return changed
    if more:
        changed[first] = cured(changed[first], Cure(tuple(more), cure.name))
    else:
        value = changed.pop(first)
        if cure.name:
            changed[cure.name] = value
    return changed


def _places(body: Body) -> list[tuple[tuple[str, ...], Body]]:
    return [((), body), *(((name,), body[name]) for name in INSIDE if isinstance(body.get(name), dict))]


def _named(field: str, refusal: str) -> bool:
    if len(field) == 1:
        # One letter is a name only in quotes.
        return re.search(rf"['\"`]{field}['\"`]", refusal) is not None
    return re.search(rf"(?<!\w){field}(?!\w)", refusal) is not None


def _used(name: str, refusal: str) -> bool:
    return re.search(rf"(?:use|try|mean)\W{{1,3}}(?:the )?\W?{name}(?!\w)", refusal, re.IGNORECASE) is not None
