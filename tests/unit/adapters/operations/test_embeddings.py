"""Texts into vectors: each form's request and reply, and what is refused."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from modelport.adapters.operations.embeddings import decode, request
from modelport.adapters.wire.errors import NotUnderstood, ProviderRefused
from modelport.domain.errors import InvalidParams
from modelport.domain.operations.calls import EmbeddingCall
from modelport.domain.providers.wire.operations import EmbeddingsWire
from support.builders import endpoint, row

GEMINI = row("google", dialect="gemini", wire={"chat_path": "/v1beta/models/{model}:streamGenerateContent?alt=sse"})


def call(*texts: str, form: Any = "openai", provider: Any = None, **changes: Any) -> EmbeddingCall:
    flags = {name: changes.pop(name) for name in tuple(changes) if name in EmbeddingsWire.__struct_fields__}
    wire = EmbeddingsWire(form=form, **flags)
    return EmbeddingCall(
        endpoint=endpoint(provider), wire=wire, model="some-model", texts=texts or ("one", "two"), **changes
    )


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("asked", "path", "sent"),
    [
        (call(), "/embeddings", {"model": "some-model", "input": ["one", "two"]}),
        (call(path="/v3/vectors"), "/v3/vectors", {"model": "some-model", "input": ["one", "two"]}),
        (call("a", dimensions=3), "/embeddings", {"model": "some-model", "input": ["a"], "dimensions": 3}),
        (
            call("a", dimensions=3, dimensions_field="output_dimension"),
            "/embeddings",
            {"model": "some-model", "input": ["a"], "output_dimension": 3},
        ),
        (
            call("a", input_types={"document": "passage", "query": "query"}),
            "/embeddings",
            {"model": "some-model", "input": ["a"], "input_type": "passage"},
        ),
        (
            call("a", input_types={"document": "passage", "query": "question"}, input_type="query"),
            "/embeddings",
            {"model": "some-model", "input": ["a"], "input_type": "question"},
        ),
        (
            call("a", form="ollama", dimensions=4),
            "/api/embed",
            {"model": "some-model", "input": ["a"], "dimensions": 4},
        ),
        (
            call("a", form="cohere", dimensions=256, input_type="query"),
            "/v2/embed",
            {
                "model": "some-model",
                "texts": ["a"],
                "input_type": "search_query",
                "embedding_types": ["float"],
                "output_dimension": 256,
            },
        ),
        (
            call("a", form="gemini", provider=GEMINI, dimensions=8, input_type="document"),
            "/v1beta/models/some-model:embedContent",
            {
                "model": "models/some-model",
                "content": {"parts": [{"text": "a"}]},
                "taskType": "RETRIEVAL_DOCUMENT",
                "outputDimensionality": 8,
            },
        ),
        (
            call("a", "b", form="gemini", provider=GEMINI),
            "/v1beta/models/some-model:batchEmbedContents",
            {
                "requests": [
                    {"model": "models/some-model", "content": {"parts": [{"text": text}]}} for text in ("a", "b")
                ]
            },
        ),
        (
            call("a", form="vertex", provider=GEMINI, dimensions=8, input_type="query"),
            "/v1beta/models/some-model:predict",
            {
                "instances": [{"content": "a", "task_type": "RETRIEVAL_QUERY"}],
                "parameters": {"outputDimensionality": 8},
            },
        ),
    ],
)
def test_requests(asked: EmbeddingCall, path: str, sent: dict[str, Any]) -> None:
    wanted = request(asked)
    assert (wanted.path, wanted.body) == (path, sent)


@pytest.mark.parametrize("form", ["openai", "ollama"])
def test_a_difference_that_a_provider_does_not_make_is_refused(form: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        request(call("a", form=form, input_type="query"))
    assert (refused.value.field, refused.value.kind) == ("inputType", "unsupported")


@pytest.mark.parametrize(
    ("form", "reply", "tokens"),
    [
        ("openai", {"data": [{"embedding": [1, 2]}, {"embedding": [3, 4.5]}], "usage": {"prompt_tokens": 7}}, 7),
        ("openai", {"data": [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, 2]}]}, None),
        ("ollama", {"embeddings": [[1, 2], [3, 4.5]], "prompt_eval_count": 0}, 0),
        (
            "cohere",
            {"embeddings": {"float": [[1, 2], [3, 4.5]]}, "meta": {"billed_units": {"input_tokens": 9}}},
            9,
        ),
        ("cohere", {"embeddings": [[1, 2], [3, 4.5]]}, None),
        (
            "gemini",
            {"embeddings": [{"values": [1, 2]}, {"values": [3, 4.5]}], "usageMetadata": {"promptTokenCount": 3}},
            3,
        ),
        (
            "vertex",
            {
                "predictions": [
                    {"embeddings": {"values": [1, 2], "statistics": {"token_count": 2}}},
                    {"embeddings": {"values": [3, 4.5], "statistics": {"token_count": 3}}},
                ]
            },
            5,
        ),
        (
            "vertex",
            {
                "predictions": [
                    {"embeddings": {"values": [1, 2], "statistics": {"token_count": 2}}},
                    {"embeddings": {"values": [3, 4.5]}},
                ]
            },
            None,
        ),
    ],
)
def test_replies(form: str, reply: dict[str, Any], tokens: int | None) -> None:
    found = decode(call(form=form), body(reply))
    assert found.vectors == ((1.0, 2.0), (3.0, 4.5))
    assert found.input_tokens == tokens


def test_one_text_of_geminis() -> None:
    found = decode(call("a", form="gemini"), body({"embedding": {"values": [0.5]}}))
    assert found.vectors == ((0.5,),)


def test_vectors_in_base64() -> None:
    floats = base64.b64encode(struct.pack("<2f", 0.5, -2.0)).decode()
    bytes_ = base64.b64encode(struct.pack("2b", 64, -128)).decode()
    assert decode(call("a"), body({"data": [{"embedding": floats}]})).vectors == ((0.5, -2.0),)
    assert decode(call("a", encoding="int8"), body({"data": [{"embedding": bytes_}]})).vectors == ((0.5, -1.0),)


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"data": []},
        {"data": [{"embedding": [1]}]},
        {"data": [{"embedding": [1]}, {"embedding": [1, 2]}]},
        {"data": [{"embedding": []}, {"embedding": []}]},
        {"data": [{"embedding": [1]}, {"embedding": ["1"]}]},
        {"data": [{"embedding": [1]}, {"embedding": [True]}]},
        {"data": [{"embedding": [1]}, {"embedding": None}]},
        {"data": [{"embedding": "AAAA AAA"}, {"embedding": "?"}]},
        {"data": [{"embedding": "AAA="}, {"embedding": "AAA="}]},
        {"data": [{"embedding": ""}, {"embedding": ""}]},
        {"data": [{"embedding": base64.b64encode(struct.pack("<f", float("nan"))).decode()}] * 2},
        {"data": "all of them"},
        ["no", "object"],
        17,
    ],
)
def test_replies_that_are_no_vectors_for_the_texts(reply: Any) -> None:
    with pytest.raises(NotUnderstood):
        decode(call(), body(reply))


def test_what_is_not_json_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        decode(call(), b"<html>sorry</html>")


@pytest.mark.parametrize("reply", [{"error": {"message": "no"}}, {"message": "no"}, [{"error": "no"}]])
def test_an_error_inside_a_reply(reply: Any) -> None:
    with pytest.raises(ProviderRefused):
        decode(call(), body(reply))
