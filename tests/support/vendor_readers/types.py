"""The types of the vendors' own SDKs, as checks of a request's body.

Each check raises ``Refused``, with what the SDK says of it.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import re
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
        for function in tool["functionDeclarations"]:
            gemini_parameters(function.get("parametersJsonSchema", {}))
    gemini_parameters(body.get("generationConfig", {}).get("responseJsonSchema", {}))
    if "toolConfig" in body:
        _model(types.ToolConfig, body["toolConfig"])


def gemini_parameters(schema: Mapping[str, Any]) -> None:
    """The JSON Schema of Gemini's tools and answers: its documented words, and what its error messages say of them."""
    known = _documented_words() | {"default"}
    limits = 0
    for node in _schemas(schema):
        if unknown := node.keys() - known:
            raise Refused(f"unknown words: {unknown}")
        if "$ref" in node:
            if beside := node.keys() - {"$ref", "$defs", "description", "default"}:
                raise Refused(f"$ref was set alongside unsupported fields: {beside}")
            if node["$ref"].removeprefix("#/$defs/") not in schema.get("$defs", {}):
                raise Refused(f"reference to undefined schema: {node['$ref']}")
        if "enum" in node and (
            node.get("type") not in ("string", "integer", "number") or not all(map(str, node["enum"]))
        ):
            raise Refused(f"an enumeration of the type {node.get('type')}: {node['enum']}")
        if "format" in node and node["format"] not in FORMATS[node["type"]]:
            raise Refused(f"the format of {node}")
        limits += node.get("maxItems", 0)
    if limits > 950:
        raise Refused("limits of lists that add up to too much")


def gemini_schema(schema: Mapping[str, Any]) -> None:
    """Google's own ``Schema``, which gateways turn the tools of Chat Completions into for Gemini."""
    from google.genai import types

    _model(types.Schema, schema)
    for node in _schemas(schema):
        if "" in node.get("enum", ()) or (node.get("type") == "array" and "items" not in node):
            raise Refused(f"the values or items of {node}")
        if "format" in node and node["format"] not in (FORMATS[node["type"]] | {"enum"}) - {"date", "time"}:
            raise Refused(f"only 'enum' and 'date-time' are supported for STRING type: {node['format']}")


FORMATS: Mapping[str, set[str]] = {
    "string": {"date-time", "date", "time"},
    "integer": {"int32", "int64"},
    "number": {"float", "double"},
}
"""By type."""


@functools.cache
def _documented_words() -> set[str]:
    from google.genai import types

    words = types.GenerateContentConfig.model_fields["response_json_schema"].description or ""
    return set(re.findall(r"`(\$?[a-zA-Z]+)`", words)) - {"oneOf"}


def _schemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and all schemas in it."""
    yield schema
    for name, value in schema.items():
        inner: list[Any] = []
        if name in ("properties", "$defs"):
            inner = [*value.values()]
        elif name in ("anyOf", "prefixItems"):
            inner = value
        elif name in ("items", "additionalProperties"):
            inner = [value]
        for one in inner:
            if isinstance(one, Mapping):
                yield from _schemas(one)


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
