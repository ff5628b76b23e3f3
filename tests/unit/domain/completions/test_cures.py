"""Refusals that name their cure, in the words of the services."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.completions.cures import Cure, cured, find_cure, is_lasting
from modelport.domain.completions.history_cures import HistoryCure

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


TWO = {"temperature": 0.2, "top_p": 0.5}


@pytest.mark.parametrize(
    ("body", "cure"),
    [
        (TWO, Cure(("top_p",))),
        ({"top_p": 0.5, "temperature": 0.2}, Cure(("top_p",))),
        ({"inferenceConfig": {"temperature": 0.2, "topP": 0.5}}, Cure(("inferenceConfig", "topP"))),
        ({"temperature": 0.2}, None),
    ],
)
def test_of_two_fields_that_exclude_each_other_the_second_is_left_out(body: Any, cure: Cure | None) -> None:
    name = "topP" if "inferenceConfig" in body else "top_p"
    words = f"`temperature` and `{name}` cannot both be specified for this model. Please use only one."
    assert find_cure(words, body) == cure
    assert find_cure(f"BedrockException: The model returned the following errors: {words}", body) == cure


EFFORTS = "Unsupported value: '{}' is not supported with this model. Supported values are: {}."


@pytest.mark.parametrize(
    ("asked", "listed", "value"),
    [
        ("minimal", "'low', 'medium', and 'high'", "low"),
        ("xhigh", "'low', 'medium', and 'high'", "high"),
        ("none", '"minimal", "low"', "minimal"),
        ("low", "high", "high"),
    ],
)
def test_an_effort_that_a_model_lacks_becomes_the_next_one_it_has(asked: str, listed: str, value: str) -> None:
    words = EFFORTS.format(asked, listed)
    for body, path in (
        ({"reasoning_effort": asked}, ("reasoning_effort",)),
        ({"reasoning": {"effort": asked, "summary": "auto"}}, ("reasoning", "effort")),
        ({"output_config": {"effort": asked}}, ("output_config", "effort")),
    ):
        cure = find_cure(words, body)
        assert cure == Cure(path, value=value)
        assert isinstance(cure, Cure)
        changed = cured(body, cure)
        for name in path:
            changed = changed[name]
        assert changed == value


def test_values_of_something_else_are_no_efforts() -> None:
    words = "Invalid value: 'x'. Supported values are: 'low' and 'auto'."
    assert find_cure(words, {"reasoning_effort": "minimal", "detail": "x"}) is None


SAID = {"role": "assistant", "content": "Yes."}
HISTORY: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    (words, {"messages": [{"role": "user", "content": "Hi"}, SAID, SAID | {"reasoning_content": "Hm."}]},
     {"messages": [{"role": "user", "content": "Hi"}, {"reasoning_content": ""} | SAID, SAID | {"reasoning_content": "Hm."}]}, True)
    for words in (
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        "Missing `reasoning_content` field in the assistant message at message index 2.",
    )
] + [
    ("This model does not support assistant message prefill. The conversation must end with a user message.",
     {"messages": [SAID]}, {"messages": [SAID, {"role": "user", "content": "Go on."}]}, True),
    ("Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
     {"messages": [SAID]}, {"messages": [SAID, {"role": "user", "content": "Go on."}]}, True),
    ("The last message of deepseek-reasoner must be a user message, or an assistant message with prefix mode on",
     {"messages": [SAID]}, {"messages": [SAID, {"role": "user", "content": "Go on."}]}, True),
    ("The conversation must end with a user message.",
     {"messages": [{"role": "assistant", "content": [{"type": "text", "text": "Yes."}]}]},
     {"messages": [{"role": "assistant", "content": [{"type": "text", "text": "Yes."}]}, {"role": "user", "content": [{"type": "text", "text": "Go on."}]}]}, True),
    ("The conversation must end with a user message.",
     {"messages": [{"role": "assistant", "content": [{"text": "Yes."}]}]},
     {"messages": [{"role": "assistant", "content": [{"text": "Yes."}]}, {"role": "user", "content": [{"text": "Go on."}]}]}, True),
    ("The encrypted content gAAA... could not be verified. Reason: it could not be decrypted.",
     {"input": [{"type": "reasoning", "id": "rs_1"}, {"role": "user", "content": "Hi"}]}, {"input": [{"role": "user", "content": "Hi"}]}, False),
    ("Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
     {"input": [{"type": "reasoning", "id": "rs_1"}, {"type": "function_call"}]}, {"input": [{"type": "function_call"}]}, False),
    ("messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
     {"thinking": {"type": "enabled"}, "output_config": {"effort": "high", "format": {}}, "messages": []}, {"output_config": {"format": {}}, "messages": []}, False),
    ("messages.0.content.0.cache_control: Extra inputs are not permitted",
     {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {}}]}], "tools": [{"name": "f", "cache_control": {}}]},
     {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], "tools": [{"name": "f"}]}, True),
    ("You invoked an unsupported model or your request did not allow prompt caching. See the documentation.",
     {"system": [{"text": "A"}, {"cachePoint": {"type": "default"}}]}, {"system": [{"text": "A"}]}, True),
    ("Expected `thinking` or `redacted_thinking`, but found `text`.",
     {"additionalModelRequestFields": {"thinking": {"type": "enabled"}, "top_k": 3}}, {"additionalModelRequestFields": {"top_k": 3}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("words", "body", "changed", "lasting"), HISTORY)
def test_a_refusal_of_the_messages_is_cured(words: str, body: Any, changed: Any, lasting: bool) -> None:
    before = repr(body)
    cure = find_cure(words, body)
    assert isinstance(cure, HistoryCure)
    assert is_lasting(cure) is lasting
    assert cured(body, cure) == changed
    assert repr(body) == before
    assert find_cure(words, changed) is None, "a cure that changes nothing is none"
