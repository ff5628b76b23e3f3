"""Reads what the head of a GGUF file says of its model.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from math import prod
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_ENTRIES = 4096
MOST_TENSORS = 65_536
MOST_ITEMS = 2_097_152
"""Strings in all lists of a file together; the largest vocabularies have a quarter of a million, and as many merges."""
LONGEST_KEY = 65_535
LONGEST_TEXT = 65_536
"""Bytes of a text that is kept; a longer one, such as a chat template, is passed over."""
LONGEST_NAME = 200
DEEPEST = 4
MOST_DIMENSIONS = 8

QUANTIZATIONS: dict[int, str] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}
"""The names of ``general.file_type``. Source: ``llama_ftype`` in llama.cpp include/llama.h, and gguf 0.19."""
GUESSED = 1024
"""A bit of the file type: the loader had to guess it from the tensors."""
EMBEDDERS = frozenset(
    {"bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "eurobert", "jina-bert-v2", "jina-bert-v3"}
    | {"gemma-embedding", "t5encoder"}
)
"""Architectures that only embed. Source: ``MODEL_ARCH_NAMES`` in gguf 0.19."""
PARTS = frozenset({"clip"})
"""Architectures of files that go with a model and are none themselves."""
POOLED, RANKS = (1, 2, 3), 4
"""``<architecture>.pooling_type``: mean, the first and the last token embed; 4 ranks documents."""

_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_TEXT, _LIST = 8, 9
_WANTED = (".context_length", ".pooling_type", "split.count")
Value = int | float | bool | str
Task = Literal["chat", "embeddings", "rerank"]


class NotGguf(ValueError):
    """The bytes are not the head of a GGUF file that can be read; says why."""


class CutShort(Exception):
    """The head goes on beyond the bytes that were given: at least up to ``needed`` bytes from the start."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"at least {needed} bytes are needed")
        self.needed = needed


class GgufHeader(Struct, frozen=True, kw_only=True):
    """What a file says of its model; what it does not say is absent."""

    architecture: str | None = None
    name: str | None = None
    kind: str = "model"
    """``general.type``: model, adapter, mmproj and others."""
    size_label: str | None = None
    """How large it is, as its maker puts it, such as 8x7B."""
    parameters: int | None = None
    """The numbers in its tensors; absent for a part of a split file."""
    quantization: str | None = None
    context_length: int | None = None
    """Tokens."""
    task: Task = "chat"
    parts: int = 1
    """How many files the model is split into."""
    least_bytes: int = 0
    """A file that is shorter has not come as a whole: this far begins its last tensor."""

    @property
    def is_model(self) -> bool:
        """Whether it is a model that answers, and not a projector, an adapter or a bare vocabulary."""
        return self.kind == "model" and self.architecture is not None and self.architecture not in PARTS

    @property
    def size(self) -> str | None:
        """The number of parameters for a person: the maker's own words, else counted."""
        return self.size_label or (_short(self.parameters) if self.parameters else None)


def read_header(data: bytes | memoryview) -> GgufHeader:
    """What a file says in its first bytes, which must hold the whole head.

    Raises:
        NotGguf: it is no GGUF file, is of another version or byte order, or contradicts itself.
        CutShort: the head is longer than the data.
    """
    head = _Head(memoryview(data))
    if head.take(4) != MAGIC:
        raise NotGguf("it does not begin as a GGUF file")
    version = head.number("<I")
    if version not in VERSIONS:
        raise NotGguf(f"it has the version {version}, or the byte order of another machine")
    tensors, entries = head.number("<Q"), head.number("<Q")
    if tensors > MOST_TENSORS or entries > MOST_ENTRIES:
        raise NotGguf("it claims to have more in its head than any model has")
    found: dict[str, Value] = {}
    for _ in range(entries):
        key = head.text(LONGEST_KEY)
        wanted = key is not None and (key.startswith("general.") or key.endswith(_WANTED))
        value = head.value(head.number("<I"), wanted=wanted)
        if key is not None and wanted and value is not None:
            found[key] = value
    counted = sum(head.tensor() for _ in range(tensors))
    return replace(_header(found, counted), least_bytes=head.least_bytes)


class _Head:
    """A place in the head that moves on with everything that is read."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0
        self._items = 0
        self._furthest = -1

    @property
    def least_bytes(self) -> int:
        """How far into the file the tensors that were read begin; 0 for none."""
        return self._at + self._furthest + 1 if self._furthest >= 0 else 0

    def take(self, size: int) -> bytes:
        start = self._at
        self._move(size)
        return bytes(self._data[start : self._at])

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return value

    def text(self, longest: int) -> str | None:
        """A text; None for one that is too long to be kept."""
        size = self.number("<Q")
        if size > longest:
            self._move(size)
            return None
        return self.take(size).decode("utf-8", "replace")

    def value(self, kind: int, *, wanted: bool) -> Value | None:
        """A value of the kind; a list and what is not wanted are passed over."""
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _TEXT:
            return self.text(LONGEST_TEXT if wanted else -1)
        self._pass(kind, 1)
        return None

    def tensor(self) -> int:
        """How many numbers the next tensor has."""
        self._move(self.number("<Q"))
        dimensions = self.number("<I")
        if dimensions > MOST_DIMENSIONS:
            raise NotGguf("it has a tensor of more dimensions than there are")
        size = prod(struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions)))
        self._move(4)
        self._furthest = max(self._furthest, self.number("<Q"))
        return size

    def _pass(self, kind: int, depth: int) -> None:
        if kind != _LIST or depth > DEEPEST:
            raise NotGguf("it has a value of a kind that there is not")
        inner, count = self.number("<I"), self.number("<Q")
        if inner in _SCALARS:
            self._move(count * struct.calcsize(_SCALARS[inner]))
            return
        self._items += count
        if self._items > MOST_ITEMS:
            raise NotGguf("it has longer lists than any model has")
        if inner == _TEXT:
            self._pass_texts(count)
            return
        for _ in range(count):
            self._pass(inner, depth + 1)

    def _pass_texts(self, count: int) -> None:
        # A vocabulary has hundreds of thousands of these, so they are passed over as quickly as can be.
        data, at, end, size_at = self._data, self._at, len(self._data), struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at + 8 > end:
                raise CutShort(at + 8)
            at += 8 + size_at(data, at)[0]
        self._at = at
        self._move(0)

    def _move(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise CutShort(self._at)


def _header(found: dict[str, Value], parameters: int) -> GgufHeader:
    architecture = _text(found.get("general.architecture"))
    parts = max(1, _count(found.get("split.count")) or 1)
    return GgufHeader(
        architecture=architecture,
        name=_text(found.get("general.name")),
        kind=_text(found.get("general.type")) or "model",
        size_label=_text(found.get("general.size_label")),
        parameters=_count(parameters) if parts == 1 else None,
        quantization=_quantization(found.get("general.file_type")),
        context_length=_count(found.get(f"{architecture}.context_length")),
        task=_task(architecture, found.get(f"{architecture}.pooling_type")),
        parts=parts,
    )


def _task(architecture: str | None, pooling: Value | None) -> Task:
    if pooling == RANKS:
        return "rerank"
    return "embeddings" if pooling in POOLED or architecture in EMBEDDERS else "chat"


def _quantization(value: Value | None) -> str | None:
    return QUANTIZATIONS.get(value & ~GUESSED) if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Value | None) -> str | None:
    """A text on one line, as far as it can be shown."""
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value[:LONGEST_NAME]).split()) or None


def _count(value: Value | None) -> int | None:
    """A number that can be one of tokens, files or parameters."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


def _short(count: int) -> str:
    """A number of parameters as makers put it, such as 7B."""
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + unit
    return str(count)
