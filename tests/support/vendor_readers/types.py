"""The types of the vendors' own SDKs, as checks of a request's body.

Each check raises ``Refused``, with what the SDK says of it.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic

Body = Mapping[str, Any]


class Refused(AssertionError):
    """A reader does not take a body."""


def openai_chat(body: Body) -> None:
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

    _typed(CompletionCreateParamsStreaming, body)


def openai_responses(body: Body) -> None:
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

    _typed(ResponseCreateParamsStreaming, body)


def anthropic(body: Body) -> None:
    from anthropic.types.message_create_params import MessageCreateParamsStreaming

    _typed(MessageCreateParamsStreaming, body)


def mistral(body: Body) -> None:
    from mistralai.client.models import ChatCompletionStreamRequest

    _model(ChatCompletionStreamRequest, body)


def gemini(body: Body) -> None:
    from google.genai import types

    known = {"contents", "systemInstruction", "generationConfig", "tools", "toolConfig"}
    if unknown := body.keys() - known:
        raise Refused(f"unknown fields: {unknown}")
    for content in body["contents"]:
        _model(types.Content, content)
    if "systemInstruction" in body:
        _model(types.Content, body["systemInstruction"])
    for tool in body.get("tools", ()):
        _model(types.Tool, tool)
    if "toolConfig" in body:
        _model(types.ToolConfig, body["toolConfig"])


def ollama(body: Body) -> None:
    from ollama._types import ChatRequest

    _model(ChatRequest, body)


def cohere(body: Body) -> None:
    from cohere.types import ChatMessageV2, ToolV2

    for message in body["messages"]:
        _typed(ChatMessageV2, message)
    for tool in body.get("tools", ()):
        _model(ToolV2, tool)


def bedrock(body: Body) -> None:
    from botocore.validate import ParamValidator

    report = ParamValidator().validate({"modelId": "m", **_with_bytes(body)}, _converse_input())
    if report.has_errors():
        raise Refused(report.generate_report())


@functools.cache
def _converse_input() -> Any:
    import botocore
    from botocore.model import ServiceModel

    (path,) = (Path(botocore.__file__).parent / "data" / "bedrock-runtime").glob("*/service-2.json.gz")
    return ServiceModel(json.loads(gzip.decompress(path.read_bytes()))).operation_model("Converse").input_shape


def _with_bytes(value: Any) -> Any:
    """The body with images as bytes, as the SDK has them; JSON carries base64."""
    if isinstance(value, dict):
        return {
            name: base64.b64decode(inner) if name in ("bytes", "redactedContent") else _with_bytes(inner)
            for name, inner in value.items()
        }
    return [_with_bytes(inner) for inner in value] if isinstance(value, list) else value


def _model(model: Any, body: Any) -> None:
    try:
        model.model_validate(body)
    except pydantic.ValidationError as error:
        raise Refused(str(error)[:1500]) from error


def _typed(of: Any, body: Any) -> None:
    try:
        _consume(_adapter(of).validate_python(body))
    except pydantic.ValidationError as error:
        raise Refused(str(error)[:1500]) from error


@functools.cache
def _adapter(of: Any) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(of)


def _consume(value: Any) -> None:
    """Iterables are checked when they are iterated over."""
    if isinstance(value, dict):
        for inner in value.values():
            _consume(inner)
    elif isinstance(value, Iterator | list | tuple):
        for inner in value:
            _consume(inner)


READERS: Mapping[str, Callable[[Body], None]] = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic": anthropic,
    "mistral": mistral,
    "gemini": gemini,
    "ollama": ollama,
    "cohere": cohere,
    "bedrock": bedrock,
}
