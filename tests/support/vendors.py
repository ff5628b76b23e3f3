"""A minimal whole answer in each wire format."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SAID = "Hello from the vendor."


def sse(*events: Any) -> list[bytes]:
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]


def typed(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


ANSWERS: dict[str, Iterable[bytes]] = {
    "openai_chat": [
        *sse(
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": SAID[:5]}}]},
            {"choices": [{"index": 0, "delta": {"content": SAID[5:]}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}},
        ),
        b"data: [DONE]\n\n",
    ],
    "openai_completions": [
        *sse({"choices": [{"index": 0, "text": SAID}]}, {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]},
             {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}),
        b"data: [DONE]\n\n",
    ],
    "openai_responses": typed(
        {"type": "response.output_text.delta", "output_index": 0, "delta": SAID},
        {"type": "response.completed", "response": {"status": "completed", "output": [], "usage": {"input_tokens": 7, "output_tokens": 5}}},
    ),
    "anthropic_messages": typed(
        {"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ),
    "gemini": sse(
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": SAID}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12},
        }
    ),
    "ollama": [
        json.dumps({"message": {"role": "assistant", "content": SAID}, "done": False}).encode() + b"\n",
        json.dumps({"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5}).encode() + b"\n",
    ],
    "bedrock_converse": [
        json.dumps(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": SAID}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12},
            }
        ).encode()
    ],
    "cohere_chat": typed(
        {"type": "message-start"},
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": SAID}}}},
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 7, "output_tokens": 5}}}},
    ),
}  # fmt: skip
"""Each has the text ``SAID``, stops, and counts 7 tokens in and 5 out."""


def foundation_model(name: str, *ways: str, says: str = "TEXT", streams: bool = True, **more: Any) -> dict[str, Any]:
    """An entry of Bedrock's ListFoundationModels; ``ways`` are its inference types."""
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name}",
        "modelId": name,
        "modelName": name.partition(".")[2].title(),
        "providerName": name.partition(".")[0].title(),
        "inputModalities": ["TEXT"],
        "outputModalities": says.split(),
        "responseStreamingSupported": streams,
        "customizationsSupported": [],
        "inferenceTypesSupported": list(ways),
        "modelLifecycle": {"status": "ACTIVE"},
        **more,
    }


def inference_profile(name: str, model: str, **more: Any) -> dict[str, Any]:
    """An entry of Bedrock's ListInferenceProfiles: a name for a model in two regions."""
    return {
        "inferenceProfileId": name,
        "inferenceProfileName": f"Everywhere {model.partition('.')[2].title()}",
        "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/{name}",
        "models": [
            {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model}"} for region in ("eu-west-9", "us-east-1")
        ],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        **more,
    }
