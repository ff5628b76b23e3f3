"""Reads the header of a GGUF file.

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
MAX_ENTRIES = 4096
MAX_TENSORS = 65_536
MAX_ITEMS = 2_097_152
"""Strings in all lists of a file together. The largest vocabularies have 250,000, and as many merges."""
MAX_KEY_BYTES = 65_535
MAX_TEXT_BYTES = 65_536
"""A longer text, such as a chat template, is skipped."""
MAX_NAME_CHARS = 200
MAX_DEPTH = 4
"""Of lists in lists."""
MAX_DIMENSIONS = 8

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
"""Architectures of companion files of a model."""
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
    """The bytes are not the header of a readable GGUF file; the message ends a sentence about it."""


class CutShort(Exception):
    """The header is longer than the given bytes: it has at least ``needed`` bytes."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"at least {needed} bytes are needed")
        self.needed = needed


class GgufHeader(Struct, frozen=True, kw_only=True):
    """The header of a file; a missing entry is absent."""

    architecture: str | None = None
    name: str | None = None
    kind: str = "model"
    """``general.type``: model, adapter, mmproj and others."""
    size_label: str | None = None
    """The size in its maker's words, such as 8x7B."""
    parameters: int | None = None
    """The numbers in its tensors; absent for a part of a split file."""
    quantization: str | None = None
    context_length: int | None = None
    """Tokens."""
    task: Task = "chat"
    parts: int = 1
    """How many files the model is split into."""
    min_bytes: int = 0
    """Up to the start of its last tensor. A shorter file is an incomplete download."""

    @property
    def is_model(self) -> bool:
        """Whether it is a model that answers, and not a projector, an adapter or a bare vocabulary."""
        return self.kind == "model" and self.architecture is not None and self.architecture not in PARTS

    @property
    def size(self) -> str | None:
        """The number of parameters for a person: the maker's own words, else counted."""
        return self.size_label or (_short(self.parameters) if self.parameters else None)


def read_header(data: bytes | memoryview) -> GgufHeader:
    """The header in the first bytes of a file, which must hold all of it.

    Raises:
        NotGguf: it is no GGUF file, is of another version or byte order, or contradicts itself.
        CutShort: the header is longer than the data.
    """
    cursor = _Cursor(memoryview(data))
    if cursor.take(4) != MAGIC:
        raise NotGguf("it does not begin as a GGUF file")
    version = cursor.number("<I")
    if version not in VERSIONS:
        raise NotGguf(f"it has the version {version}, or the byte order of another machine")
    tensors, entries = cursor.number("<Q"), cursor.number("<Q")
    if tensors > MAX_TENSORS or entries > MAX_ENTRIES:
        raise NotGguf("its header counts more tensors or entries than any model has")
    found: dict[str, Value] = {}
    for _ in range(entries):
        key = cursor.text(MAX_KEY_BYTES)
        wanted = key is not None and (key.startswith("general.") or key.endswith(_WANTED))
        value = cursor.value(cursor.number("<I"), wanted=wanted)
        if key is not None and wanted and value is not None:
            found[key] = value
    counted = sum(cursor.tensor() for _ in range(tensors))
    return replace(_header(found, counted), min_bytes=cursor.min_bytes)


class _Cursor:
    """A cursor in the header, which moves on with every read."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0
        self._items = 0
        self._last_tensor = -1

    @property
    def min_bytes(self) -> int:
        """The offset in the file of the last of the tensors read; 0 for none."""
        return self._at + self._last_tensor + 1 if self._last_tensor >= 0 else 0

    def take(self, size: int) -> bytes:
        start = self._at
        self._move(size)
        return bytes(self._data[start : self._at])

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return value

    def text(self, max_bytes: int) -> str | None:
        """A text; None for a longer one, which is skipped."""
        size = self.number("<Q")
        if size > max_bytes:
            self._move(size)
            return None
        return self.take(size).decode("utf-8", "replace")

    def value(self, type_id: int, *, wanted: bool) -> Value | None:
        """A value of the given type; a list, or a text that is not wanted, is skipped."""
        if type_id in _SCALARS:
            return self.number(_SCALARS[type_id])
        if type_id == _TEXT:
            return self.text(MAX_TEXT_BYTES if wanted else -1)
        self._skip(type_id, 1)
        return None

    def tensor(self) -> int:
        """The number of parameters in the next tensor."""
        self._move(self.number("<Q"))
        dimensions = self.number("<I")
        if dimensions > MAX_DIMENSIONS:
            raise NotGguf("it has a tensor of more dimensions than there are")
        size = prod(struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions)))
        self._move(4)
        self._last_tensor = max(self._last_tensor, self.number("<Q"))
        return size

    def _skip(self, type_id: int, depth: int) -> None:
        if type_id != _LIST or depth > MAX_DEPTH:
            raise NotGguf("it has a value of an unknown type")
        inner, count = self.number("<I"), self.number("<Q")
        if inner in _SCALARS:
            self._move(count * struct.calcsize(_SCALARS[inner]))
            return
        self._items += count
        if self._items > MAX_ITEMS:
            raise NotGguf("it has longer lists than any model has")
        if inner == _TEXT:
            self._skip_texts(count)
            return
        for _ in range(count):
            self._skip(inner, depth + 1)

    def _skip_texts(self, count: int) -> None:
        # A vocabulary has hundreds of thousands of these, so this loop is as short as can be.
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
    """A text on one line, with its printable characters only."""
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value[:MAX_NAME_CHARS]).split()) or None


def _count(value: Value | None) -> int | None:
    """A plausible number of tokens, files or parameters; None for any other value."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


def _short(count: int) -> str:
    """A number of parameters as makers put it, such as 7B."""
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + unit
    return str(count)
