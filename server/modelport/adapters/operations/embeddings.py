"""Texts into vectors, in each vendor's form.

Source: OpenAI API reference, Embeddings; Gemini API reference, models.embedContent and models.batchEmbedContents;
Agent Platform REST reference, publishers.models.predict; Ollama API, Generate embeddings; Cohere API v2, Embed;
Perplexity documentation, Embeddings.
"""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Callable, Mapping
from math import isfinite
from sys import byteorder
from typing import Any

from msgspec import Struct

from modelport.adapters.operations import mock
from modelport.adapters.operations.replies import at, count_at, google_model, google_path, objects, read
from modelport.adapters.operations.sender import Sender
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.json_values import refuse
from modelport.adapters.wire.request import WireRequest
from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import Embedded, EmbeddingCall
from modelport.protocol.shapes import is_list

GOOGLE_TASKS = {"document": "RETRIEVAL_DOCUMENT", "query": "RETRIEVAL_QUERY"}
COHERE_INPUTS = {"document": "search_document", "query": "search_query"}
INT8_STEPS = 128

Vector = tuple[float, ...]
Reply = dict[str, Any]


class Form(Struct, frozen=True):
    """One vendor's form. ``vectors`` are taken out of a reply as they are written, ``tokens`` are its count."""

    request: Callable[[EmbeddingCall], WireRequest]
    vectors: Callable[[Reply], list[Any]]
    tokens: Callable[[Reply], int | None]


async def embed(sender: Sender, call: EmbeddingCall) -> Embedded:
    """The vectors of one batch."""
    if call.wire.form == "mock":
        return await mock.embed(call)
    return await sender.post(call.endpoint, call.model, request(call), lambda body: decode(call, body))


def request(call: EmbeddingCall) -> WireRequest:
    """The request for one batch.

    Raises:
        InvalidParams: the form has no field for the input type.
    """
    return _FORMS[str(call.wire.form)].request(call)


def decode(call: EmbeddingCall, body: bytes) -> Embedded:
    """The vectors of a reply.

    Raises:
        NotUnderstood: it is not what the form promises, or not a vector of one length for each text.
        ProviderRefused: it holds an error.
    """
    form = _FORMS[str(call.wire.form)]
    reply = read(body)
    vectors = tuple(_vector(written, call.wire.encoding, body) for written in form.vectors(reply))
    if not vectors:
        refuse(body)
    if len(vectors) != len(call.texts) or len({len(vector) for vector in vectors}) != 1:
        raise NotUnderstood(body[:200], f"{len(vectors)} vectors for {len(call.texts)} texts, or of several lengths")
    return Embedded(vectors, form.tokens(reply))


def _vector(written: Any, encoding: str, body: bytes) -> Vector:
    if isinstance(written, str):
        return _unpacked(written, encoding, body)
    if not is_list(written) or not written or not all(type(number) in (float, int) for number in written):
        raise NotUnderstood(body[:200], "not a list of numbers")
    return tuple(map(float, written))


def _unpacked(text: str, encoding: str, body: bytes) -> Vector:
    try:
        packed = base64.b64decode(text, validate=True)
        numbers: array[float] | array[int] = array("b" if encoding == "int8" else "f", packed)
    except (binascii.Error, ValueError) as error:
        raise NotUnderstood(body[:200], "not a vector in base64") from error
    if byteorder == "big":
        numbers.byteswap()
    if not numbers or not all(map(isfinite, numbers)):
        raise NotUnderstood(body[:200], "not a vector of numbers")
    return tuple(number / INT8_STEPS for number in numbers) if encoding == "int8" else tuple(numbers)


def _input_type(call: EmbeddingCall, words: Mapping[str, str]) -> str | None:
    """The provider's word for the input's type; a document where it requires one and the caller gave none."""
    if call.input_type is None:
        return words.get("document")
    if call.input_type not in words:
        row = call.endpoint.provider
        raise InvalidParams(
            f"{row.display_name} makes no difference between documents and queries: leave inputType out.",
            kind="unsupported",
            field="inputType",
            provider=row.id,
            model=call.model,
            action="leave inputType out",
        )
    return words[call.input_type]


def _openai(call: EmbeddingCall) -> WireRequest:
    body: dict[str, Any] = {"model": call.model, "input": list(call.texts)}
    if call.dimensions is not None:
        body[call.wire.dimensions_field] = call.dimensions
    if kind := _input_type(call, call.wire.input_types):
        body["input_type"] = kind
    return WireRequest(call.wire.path or "/embeddings", body)


def _openai_vectors(reply: Reply) -> list[Any]:
    entries = objects(reply.get("data"))
    positions = [entry.get("index") for entry in entries]
    if sorted(position for position in positions if isinstance(position, int)) == list(range(len(entries))):
        entries.sort(key=lambda entry: entry["index"])
    return [entry.get("embedding") for entry in entries]


def _ollama(call: EmbeddingCall) -> WireRequest:
    body: dict[str, Any] = {"model": call.model, "input": list(call.texts)}
    if call.dimensions is not None:
        body["dimensions"] = call.dimensions
    _input_type(call, {})
    return WireRequest(call.wire.path or "/api/embed", body)


def _cohere(call: EmbeddingCall) -> WireRequest:
    body: dict[str, Any] = {
        "model": call.model,
        "texts": list(call.texts),
        "input_type": _input_type(call, COHERE_INPUTS),
        "embedding_types": ["float"],
    }
    if call.dimensions is not None:
        body["output_dimension"] = call.dimensions
    return WireRequest(call.wire.path or "/v2/embed", body)


def _cohere_vectors(reply: Reply) -> list[Any]:
    found = reply.get("embeddings")
    vectors = found if is_list(found) else at(found, "float")
    return vectors if is_list(vectors) else []


def _gemini(call: EmbeddingCall) -> WireRequest:
    requests = [_gemini_part(call, text) for text in call.texts]
    if len(requests) == 1:
        return WireRequest(google_path(call.endpoint, call.model, "embedContent"), requests[0])
    return WireRequest(google_path(call.endpoint, call.model, "batchEmbedContents"), {"requests": requests})


def _gemini_part(call: EmbeddingCall, text: str) -> dict[str, Any]:
    part: dict[str, Any] = {
        "model": f"models/{google_model(call.model)}",
        "content": {"parts": [{"text": text}]},
    }
    if call.input_type is not None:
        part["taskType"] = GOOGLE_TASKS[call.input_type]
    if call.dimensions is not None:
        part["outputDimensionality"] = call.dimensions
    return part


def _gemini_vectors(reply: Reply) -> list[Any]:
    one = reply.get("embedding")
    return [at(entry, "values") for entry in ([one] if one else objects(reply.get("embeddings")))]


def _vertex(call: EmbeddingCall) -> WireRequest:
    task = {} if call.input_type is None else {"task_type": GOOGLE_TASKS[call.input_type]}
    body: dict[str, Any] = {"instances": [{"content": text} | task for text in call.texts]}
    if call.dimensions is not None:
        body["parameters"] = {"outputDimensionality": call.dimensions}
    return WireRequest(google_path(call.endpoint, call.model, "predict"), body)


def _vertex_tokens(reply: Reply) -> int | None:
    counts = [count_at(entry, "embeddings.statistics.token_count") for entry in objects(reply.get("predictions"))]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


_FORMS: Mapping[str, Form] = {
    "openai": Form(_openai, _openai_vectors, lambda reply: count_at(reply, "usage.prompt_tokens")),
    "ollama": Form(
        _ollama,
        lambda reply: reply["embeddings"] if is_list(reply.get("embeddings")) else [],
        lambda reply: count_at(reply, "prompt_eval_count"),
    ),
    "cohere": Form(_cohere, _cohere_vectors, lambda reply: count_at(reply, "meta.billed_units.input_tokens")),
    "gemini": Form(_gemini, _gemini_vectors, lambda reply: count_at(reply, "usageMetadata.promptTokenCount")),
    "vertex": Form(
        _vertex,
        lambda reply: [at(entry, "embeddings.values") for entry in objects(reply.get("predictions"))],
        _vertex_tokens,
    ),
}
