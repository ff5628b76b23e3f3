"""The mock's other operations: equal results for equal input, and different ones for different input."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from modelport.adapters.operations import mock
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import CountCall, EmbeddingCall, ImageCall, ModerationCall
from modelport.domain.providers.wire.operations import EmbeddingsWire, ImagesWire, ModerationWire
from support.builders import endpoint, row, user

ENDPOINT = endpoint(row("mock", dialect="mock"))


def embedding(*texts: str, model: str = "mock", dimensions: int | None = None) -> EmbeddingCall:
    wire = EmbeddingsWire(form="mock")
    return EmbeddingCall(endpoint=ENDPOINT, wire=wire, model=model, texts=texts, dimensions=dimensions)


def image(size: str | None, count: int = 1, model: str = "mock") -> ImageCall:
    wire = ImagesWire(form="mock")
    return ImageCall(endpoint=ENDPOINT, wire=wire, model=model, prompt="a harbour", size=size, count=count)


@pytest.mark.parametrize("dimensions", [None, 1, 8, 9, 100])
async def test_vectors_have_length_one_and_the_requested_dimension(dimensions: int | None) -> None:
    found = await mock.embed(embedding("a b", "c", "a b", dimensions=dimensions))
    assert {len(vector) for vector in found.vectors} == {dimensions or mock.DIMENSIONS}
    assert all(sum(number * number for number in vector) == pytest.approx(1) for vector in found.vectors)
    assert found.vectors[0] == found.vectors[2]
    assert found.input_tokens == 5
    if dimensions != 1:
        assert found.vectors[0] != found.vectors[1]


@pytest.mark.parametrize(
    ("size", "sides"), [(None, (8, 8)), ("3x2", (3, 2)), ("16:9", (16, 9)), ("auto", (8, 8)), ("9999x1", (1024, 1))]
)
async def test_images_are_png_of_the_requested_size(size: str | None, sides: tuple[int, int]) -> None:
    drawn = await mock.draw(image(size, count=2))
    first, second = (base64.b64decode(entry.data or "") for entry in drawn.images)
    assert first != second
    assert struct.unpack(">II", first[16:24]) == sides
    length = struct.unpack(">I", first[33:37])[0]
    assert len(zlib.decompress(first[41 : 41 + length])) == (sides[0] * 3 + 1) * sides[1]
    assert (drawn.input_tokens, drawn.output_tokens) == (2, 2)


async def test_the_options_of_the_name_hold() -> None:
    with pytest.raises(RequestFailed) as failed:
        await mock.embed(embedding("a", model="mock:fail=quota_exhausted"))
    assert failed.value.kind == "quota_exhausted"
    with pytest.raises(InvalidParams):
        await mock.embed(embedding("a", model="another"))
    assert (await mock.embed(embedding("a", model="mock:nousage"))).input_tokens is None
    assert (await mock.draw(image(None, model="mock:nousage"))).output_tokens is None
    call = CountCall(endpoint=ENDPOINT, model="mock:nousage", messages=(user("one two"),))
    assert await mock.count(call) is None


async def test_one_word_is_bad() -> None:
    wire = ModerationWire(form="mock")
    call = ModerationCall(endpoint=ENDPOINT, wire=wire, model="mock", texts=("Peace", "VIOLENCE!"))
    judged = await mock.moderate(call)
    assert [judgement.flagged for judgement in judged.judgements] == [False, True]
