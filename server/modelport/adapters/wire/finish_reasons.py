"""Why a model stopped: the words of all wire formats in one table, since gateways mix them."""

from __future__ import annotations

from collections.abc import Mapping

from modelport.domain.completions.call import Answer
from modelport.protocol.types import FinishReason

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    # Gemini's, for an answer that goes on in another.
    "continuation": "length",
    "tool_calls": "toolCalls",
    "tool_call": "toolCalls",
    "tool_use": "toolCalls",
    "function_call": "toolCalls",
    # Gemini's: a call of a tool that was not offered can be answered as any other.
    "unexpected_tool_call": "toolCalls",
    "content_filter": "contentFilter",
    "content_filtered": "contentFilter",
    "guardrail_intervened": "contentFilter",
    "refusal": "contentFilter",
    "sensitive": "contentFilter",
    "safety": "contentFilter",
    "recitation": "contentFilter",
    "blocklist": "contentFilter",
    "prohibited_content": "contentFilter",
    "spii": "contentFilter",
    "image_safety": "contentFilter",
    "image_prohibited_content": "contentFilter",
    "image_recitation": "contentFilter",
    "model_armor": "contentFilter",
    "escalation": "contentFilter",
    # Gemini's as numbers, where a proxy requests them; from 5 on the services number them differently.
    "1": "stop",
    "2": "length",
    "3": "contentFilter",
    "4": "contentFilter",
}
"""Reasons in lower case. One that is missing means ``other``."""
FAILURES: frozenset[str] = frozenset(
    {
        "error",
        "timeout",
        "abort",
        "aborted",
        "failed",
        "cancelled",
        "network_error",
        "insufficient_system_resource",
        "malformed_function_call",
        "malformed_response",
        "malformed_model_output",
        "malformed_tool_use",
        "too_many_tool_calls",
        "missing_thought_signature",
        "no_image",
        "image_other",
    }
)
"""Reasons in lower case that mean that there is no answer.

Source: the vendors' API references, among them Gemini API, FinishReason; DeepSeek, chat completions; Zhipu, chat
completions; Amazon Bedrock, StopReason; Cohere, chat finish reasons; vLLM, ``abort``.
"""
NONE: frozenset[str] = frozenset({"", "0", "null", "none", "finish_reason_unspecified"})
"""What some servers write where a stream goes on."""


def ends(reason: str | int | None) -> bool:
    """Whether the value of a finish reason is one."""
    return reason is not None and str(reason).casefold() not in NONE


def finish(answer: Answer, reason: str | int | None, words: str | None = None) -> None:
    """Ends the answer with a provider's reason; ``words`` are those that came with it.

    A reason that means an error fails the answer once its reply is over, unless the reply has better words; so does
    one that explains nothing, where nothing has come.
    """
    word = str(reason).casefold() if reason is not None else ""
    answer.finish(FINISH_REASONS.get(word, "other"))
    unexplained = word and answer.finish_reason == "other" and not answer.begun
    if word in FAILURES or unexplained:
        answer.failure = words or f"the answer ended with the reason {reason}"
