"""Refusals that name their own cure: a field to leave out, or the name that the model wants it under.

A cure changes nothing of what is asked: it renames a limit, leaves out a field that only shapes the answer, or takes
the path for an answer that is not streamed.
Source: error messages of OpenAI, Azure OpenAI, Anthropic, Groq, xAI, vLLM, LiteLLM and Amazon Bedrock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from modelport.domain.completions.history_cures import HistoryCure, find_history_cure, with_history_cured
from modelport.domain.completions.parameters import EFFORTS

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
INSIDE = (
    "generationConfig", "inferenceConfig", "options", "additionalModelRequestFields", "output_config", "reasoning",
)  # fmt: skip
"""Fields that hold parameters in their turn."""
TOGETHER = ("temperature", "top_p", "topP")
"""Fields of which some models take only one, the one that people set more often first."""
EFFORT_FIELDS = ("reasoning_effort", "effort")
_BOTH = re.compile(r"can ?not both be|cannot (?:be )?(?:use|set|specif)\w* both|only one of", re.IGNORECASE)
_SUPPORTED = re.compile(r"supported values are:? ([a-z'\"`, ]+)", re.IGNORECASE)
_REFUSED = re.compile(
    r"not support|unsupported|unknown|unrecogni[sz]ed|unexpected|not permitted|deprecated|not allowed|not accept"
    r"|not available|not compatible|incompatible|only the default|may only be set|can ?not be (?:set|used|specified)",
    re.IGNORECASE,
)


class Cure(Struct, frozen=True):
    """One change of a body: the field at ``path`` is renamed, gets a value, or is left out where neither is given."""

    path: tuple[str, ...]
    name: str = ""
    value: str = ""


class PathCure(Struct, frozen=True):
    """Another end of the request's path."""

    end: str
    other: str


BodyCure = Cure | HistoryCure
AnyCure = BodyCure | PathCure
PATHS: Mapping[str, PathCure] = {"InvokeModelWithResponseStream": PathCure("/converse-stream", "/converse")}
"""By the permission that a refusal says is missing: the path that needs less, and gives the answer as a whole."""


def find_path_cure(refusal: str, path: str) -> PathCure | None:
    """The cure for a path that the caller may not use; None where there is none."""
    return next((cure for words, cure in PATHS.items() if words in refusal and path.endswith(cure.end)), None)


def find_cure(refusal: str, body: Body) -> BodyCure | None:
    """The cure that a refusal names for the body; None where it names none."""
    if history := find_history_cure(refusal, body):
        return history
    for place in _places(body):
        for field, names in RENAMES.items():
            wanted = next((name for name in names if field in place[1] and _used(name, refusal)), None)
            if wanted is not None and _named(field, refusal):
                return Cure((*place[0], field), wanted)
    if cure := _one_of_two(refusal, body) or _nearest_effort(refusal, body):
        return cure
    if not _REFUSED.search(refusal):
        return None
    for path, fields in _places(body):
        for field in OPTIONAL:
            words = [word for word, meant in MENTIONS.items() if meant == field]
            if field in fields and (_named(field, refusal) or any(word in refusal.casefold() for word in words)):
                return Cure((*path, field))
    return None


def is_lasting(cure: AnyCure) -> bool:
    """Whether the later requests for the model need the cure too."""
    return not isinstance(cure, HistoryCure) or cure.lasting


def cured(body: Body, cure: BodyCure) -> dict[str, Any]:
    """A copy of the body with a cure applied; a field that is not there changes nothing."""
    if isinstance(cure, HistoryCure):
        return with_history_cured(body, cure)
    changed = dict(body)
    first, *more = cure.path
    if first not in changed:
        return changed
    if more:
        changed[first] = cured(changed[first], Cure(tuple(more), cure.name, cure.value))
    elif cure.value:
        changed[first] = cure.value
    else:
        value = changed.pop(first)
        if cure.name:
            changed[cure.name] = value
    return changed


def _one_of_two(refusal: str, body: Body) -> Cure | None:
    """The cure for two fields of which a model takes only one: the second is left out."""
    if not _BOTH.search(refusal):
        return None
    for path, fields in _places(body):
        named = [name for name in TOGETHER if name in fields and _named(name, refusal)]
        if len(named) > 1:
            return Cure((*path, named[-1]))
    return None


def _nearest_effort(refusal: str, body: Body) -> Cure | None:
    """The cure for an effort that a model does not have, where the refusal says which it has: the next one above."""
    listed = _SUPPORTED.search(refusal)
    supported = re.findall(r"[a-z]+", listed[1]) if listed else []
    known = [effort for effort in EFFORTS if effort in supported]
    if not known or not all(word in EFFORTS or word in ("and", "or") for word in supported):
        return None
    for path, fields in _places(body):
        for name in EFFORT_FIELDS:
            asked = fields.get(name)
            if asked in EFFORTS and asked not in known:
                above = (one for one in known if EFFORTS.index(one) >= EFFORTS.index(asked))
                return Cure((*path, name), value=next(above, known[-1]))
    return None


def _places(body: Body) -> list[tuple[tuple[str, ...], Body]]:
    return [((), body), *(((name,), body[name]) for name in INSIDE if isinstance(body.get(name), dict))]


def _named(field: str, refusal: str) -> bool:
    if len(field) == 1:
        # One letter is a name only in quotes.
        return re.search(rf"['\"`]{field}['\"`]", refusal) is not None
    return re.search(rf"(?<!\w){field}(?!\w)", refusal) is not None


def _used(name: str, refusal: str) -> bool:
    return re.search(rf"(?:use|try|mean)\W{{1,3}}(?:the )?\W?{name}(?!\w)", refusal, re.IGNORECASE) is not None
