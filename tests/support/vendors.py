"""Each wire format as its vendor documents it: where things stand in a request, and a minimal whole answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SAID = "Hello from the vendor."


def sse(*events: Any) -> list[bytes]:
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]


def typed(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


Place = tuple[str | int, ...]
"""The keys and positions that lead to a value of a body, from the top."""


@dataclass(frozen=True)
class Format:
    """A wire format: the places in the body of a request, and an answer."""

    path: str
    """The path of a completion, behind the base URL."""
    limit: Place
    """The limit of the answer's tokens."""
    answer: Iterable[bytes]
    """It has the text ``SAID``, stops, and counts 7 tokens in and 5 out."""
    tool: Place | None = ("tools", 0, "function")
    """The object with the name of the first tool; None: tools are refused."""
    tool_schema: Place = ("tools", 0, "function", "parameters")
    tool_type: Place | None = ("tools", 0, "type")
    """Where a tool is called a ``function``; None: nowhere."""
    answer_schema: Place | None = None
    """The schema of a JSON answer; None: it is refused."""
    key_header: str = "authorization"
    """In small letters. Any other than this one carries the key as it is."""


def value_at(body: Any, place: Place) -> Any:
    """A value of a body."""
    for step in place:
        body = body[step]
    return body


FORMATS: dict[str, Format] = {
    "openai_chat": Format(
        path="/chat/completions",
        limit=("max_tokens",),
        answer_schema=("response_format", "json_schema", "schema"),
        answer=[
            *sse(
                {"choices": [{"index": 0, "delta": {"role": "assistant", "content": SAID[:5]}}]},
                {"choices": [{"index": 0, "delta": {"content": SAID[5:]}}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}},
            ),
            b"data: [DONE]\n\n",
        ],
    ),
    "openai_completions": Format(
        path="/completions",
        limit=("max_tokens",),
        tool=None,
        answer=[
            *sse({"choices": [{"index": 0, "text": SAID}]}, {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]},
                 {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}),
            b"data: [DONE]\n\n",
        ],
    ),
    "openai_responses": Format(
        path="/responses",
        limit=("max_output_tokens",),
        tool=("tools", 0),
        tool_schema=("tools", 0, "parameters"),
        answer_schema=("text", "format", "schema"),
        answer=typed(
            {"type": "response.output_text.delta", "output_index": 0, "delta": SAID},
            {"type": "response.completed", "response": {"status": "completed", "output": [], "usage": {"input_tokens": 7, "output_tokens": 5}}},
        ),
    ),
    "anthropic_messages": Format(
        path="/v1/messages",
        limit=("max_tokens",),
        tool=("tools", 0),
        tool_schema=("tools", 0, "input_schema"),
        tool_type=None,
        answer_schema=("output_config", "format", "schema"),
        key_header="x-api-key",
        answer=typed(
            {"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ),
    ),
    "gemini": Format(
        path="/v1beta/models/{model}:streamGenerateContent?alt=sse",
        limit=("generationConfig", "maxOutputTokens"),
        tool=("tools", 0, "functionDeclarations", 0),
        tool_schema=("tools", 0, "functionDeclarations", 0, "parametersJsonSchema"),
        tool_type=None,
        answer_schema=("generationConfig", "responseJsonSchema"),
        key_header="x-goog-api-key",
        answer=sse(
            {
                "candidates": [{"content": {"role": "model", "parts": [{"text": SAID}]}, "finishReason": "STOP"}],
                "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12},
            }
        ),
    ),
    "ollama": Format(
        path="/api/chat",
        limit=("options", "num_predict"),
        answer_schema=("format",),
        answer=[
            json.dumps({"message": {"role": "assistant", "content": SAID}, "done": False}).encode() + b"\n",
            json.dumps({"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5}).encode() + b"\n",
        ],
    ),
    "bedrock_converse": Format(
        path="/model/{model}/converse-stream",
        limit=("inferenceConfig", "maxTokens"),
        tool=("toolConfig", "tools", 0, "toolSpec"),
        tool_schema=("toolConfig", "tools", 0, "toolSpec", "inputSchema", "json"),
        tool_type=None,
        answer_schema=("outputConfig", "textFormat", "structure", "jsonSchema", "schema"),
        answer=[
            json.dumps(
                {
                    "output": {"message": {"role": "assistant", "content": [{"text": SAID}]}},
                    "stopReason": "end_turn",
                    "usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12},
                }
            ).encode()
        ],
    ),
    "cohere_chat": Format(
        path="/v2/chat",
        limit=("max_tokens",),
        answer_schema=("response_format", "json_schema"),
        answer=typed(
            {"type": "message-start"},
            {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": SAID}}}},
            {"type": "content-end", "index": 0},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 7, "output_tokens": 5}}}},
        ),
    ),
}  # fmt: skip


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
