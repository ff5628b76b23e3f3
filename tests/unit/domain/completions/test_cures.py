"""Refusals that name their cure, in the words of the services."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.cures import Cure, cured, find_cure

BODY = {
    "model": "m", "messages": [], "temperature": 0.2, "top_p": 0.5, "max_tokens": 5, "stop": ["x"], "include": ["a"], "k": 3,
    "stream_options": {}, "prompt_cache_key": "x", "parallel_tool_calls": False, "generationConfig": {"topK": 3},
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", Cure(("max_tokens",), "max_completion_tokens")),
        ("Please use max_completion_tokens instead of max_tokens", Cure(("max_tokens",), "max_completion_tokens")),
        ("max_tokens is deprecated: use `max_output_tokens`", Cure(("max_tokens",), "max_output_tokens")),
        ("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.", Cure(("temperature",))),
        ("temperature is not supported", Cure(("temperature",))),
        ("`temperature` is deprecated for this model.", Cure(("temperature",))),
        ("`temperature` may only be set to 1 when thinking is enabled", Cure(("temperature",))),
        ("Argument not supported on this model: stop", Cure(("stop",))),
        ("Unknown parameter: 'prompt_cache_key'.", Cure(("prompt_cache_key",))),
        ("Unrecognized request argument supplied: parallel_tool_calls", Cure(("parallel_tool_calls",))),
        ("1 validation error: stream_options: Extra inputs are not permitted", Cure(("stream_options",))),
        ("Encrypted content is not supported with this model.", Cure(("include",))),
        ('Invalid JSON payload received. Unknown name "topK" at \'generation_config\'', Cure(("generationConfig", "topK"))),
        ("unknown field 'k'", Cure(("k",))),
    ],
)  # fmt: skip
def test_a_cure_is_found(words: str, cure: Cure) -> None:
    assert find_cure(words, BODY) == cure


@pytest.mark.parametrize(
    "words",
    [
        "",
        "temperature: Input should be less than or equal to 1",
        "max_tokens must be at least 10",
        "Unknown parameter: 'messages'",
        "This model does not support images",
        "The temperature_unit is not supported",
        "seed is not supported",
        "ok, this is an unknown key",
        "max_tokens is too large: 5. This model supports at most 4 tokens; you can use fewer messages instead",
    ],
)
def test_there_is_none_where_the_question_would_change_or_nothing_is_named(words: str) -> None:
    assert find_cure(words, BODY) is None


@pytest.mark.parametrize(
    ("cure", "left"),
    [
        (Cure(("max_tokens",), "max_completion_tokens"), {"a": {"b": 1}, "max_completion_tokens": 5}),
        (Cure(("a", "b")), {"a": {}, "max_tokens": 5}),
        (Cure(("zzz",)), {"a": {"b": 1}, "max_tokens": 5}),
        (Cure(("zzz", "b")), {"a": {"b": 1}, "max_tokens": 5}),
    ],
)
def test_a_cure_changes_a_copy(cure: Cure, left: Any) -> None:
    given = {"a": {"b": 1}, "max_tokens": 5}
    assert cured(given, cure) == left
    assert given == {"a": {"b": 1}, "max_tokens": 5}
