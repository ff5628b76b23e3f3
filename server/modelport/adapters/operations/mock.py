"""The embedded mock's operations besides completions: the same for the same input, without a network.

The options of its model's name hold here too: ``fail``, ``stall``, ``delay`` and ``nousage``.
A text that holds the word ``violence`` is judged violent. A count of tokens is a count of words.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib

from modelport.adapters.dialects.mock.completer import prepare_operation
from modelport.adapters.wire.content import plain_text
from modelport.domain.operations.calls import (
    Balance,
    CountCall,
    Credit,
    Drawn,
    Embedded,
    EmbeddingCall,
    ImageCall,
    Judged,
    ModerationCall,
    TokenCount,
)
from modelport.protocol.types import Image, Judgement

DIMENSIONS = 8
MAX_SIDE_PIXELS = 1024
BAD_WORD = "violence"


async def embed(call: EmbeddingCall) -> Embedded:
    """A vector of length 1 for each text."""
    counts = await prepare_operation(call.endpoint, call.model)
    vectors = tuple(_vector(text, call.dimensions or DIMENSIONS) for text in call.texts)
    return Embedded(vectors, sum(map(_words, call.texts)) if counts else None)


async def draw(call: ImageCall) -> Drawn:
    """Squares or rectangles of one colour, as PNG."""
    counts = await prepare_operation(call.endpoint, call.model)
    width, height = _pixels(call.size)
    images = tuple(
        Image(data=base64.b64encode(_png(f"{call.prompt}{n}", width, height)).decode(), mime_type="image/png")
        for n in range(call.count)
    )
    return Drawn(images, _words(call.prompt) if counts else None, len(images) if counts else None)


async def moderate(call: ModerationCall) -> Judged:
    """Looks for one word."""
    counts = await prepare_operation(call.endpoint, call.model)
    judgements = tuple(
        Judgement(flagged=bad, categories={"violence": bad}, scores={"violence": 1.0 if bad else 0.0})
        for bad in (BAD_WORD in text.casefold() for text in call.texts)
    )
    return Judged(judgements, sum(map(_words, call.texts)) if counts else None)


async def count(call: CountCall) -> TokenCount | None:
    """Counts words; with ``nousage`` it does not count."""
    counts = await prepare_operation(call.endpoint, call.model)
    return TokenCount(sum(_words(plain_text(m)) for m in call.messages), estimated=False) if counts else None


def credit() -> Credit:
    """Ten dollars, of which a quarter is spent."""
    return Credit("account", (Balance(currency="USD", remaining=7_500_000, total=10_000_000, used=2_500_000),))


def _words(text: str) -> int:
    return len(text.split())


def _vector(text: str, dimensions: int) -> tuple[float, ...]:
    numbers: list[float] = []
    for block in range(-(-dimensions // 8)):
        digest = hashlib.sha256(f"{block} {text}".encode()).digest()
        numbers += [number / 2**31 for number in struct.unpack(">8i", digest)]
    numbers = numbers[:dimensions]
    length = sum(number * number for number in numbers) ** 0.5
    return tuple(number / length for number in numbers)


def _pixels(size: str | None) -> tuple[int, int]:
    width, _, height = (size or "8x8").replace(":", "x").partition("x")
    sides = [int(side) if side.isdigit() else 8 for side in (width, height)]
    return min(max(sides[0], 1), MAX_SIDE_PIXELS), min(max(sides[1], 1), MAX_SIDE_PIXELS)


def _png(text: str, width: int, height: int) -> bytes:
    """An image of one colour. Source: PNG specification, third edition."""
    colour = hashlib.sha256(text.encode()).digest()[:3]
    rows = (b"\0" + colour * width) * height

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
