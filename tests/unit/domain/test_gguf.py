"""The head of a GGUF file: what an independent writer wrote is read back, and nothing that is broken costs anything."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from modelport.domain.gguf import MAX_ITEMS, MAX_TEXT_BYTES, QUANTIZATIONS, CutShort, GgufHeader, NotGguf, read_header

TEXT, LIST, U32, U64 = 8, 9, 4, 10


def string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def entry(key: str | bytes, kind: int, value: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + value


def head(
    *entries: bytes, tensors: bytes = b"", tensor_count: int = 0, version: int = 3, count: int | None = None
) -> bytes:
    return (
        b"GGUF"
        + struct.pack("<IQQ", version, tensor_count, len(entries) if count is None else count)
        + b"".join(entries)
        + tensors
    )


NAMED = entry("general.architecture", TEXT, string("llama"))


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a file with the package ``gguf`` and returns its bytes."""

    def write(architecture: str = "llama", *, tensor: tuple[int, ...] | None = (4, 8), **calls: Any) -> bytes:
        path = tmp_path / "model.gguf"
        writer = gguf.GGUFWriter(path, architecture)
        for name, value in calls.items():
            getattr(writer, f"add_{name}")(*(value if isinstance(value, tuple) else (value,)))
        if tensor is not None:
            writer.add_tensor("token_embd.weight", np.zeros(tensor, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()

    return write


def test_what_another_writer_wrote(written: Any) -> None:
    data = written(
        name="Tiny Coder",
        size_label="30B-A3B",
        context_length=32768,
        # The vocabulary stands before the file type in files that llama-quantize made.
        token_list=[f"token {n}" for n in range(5000)],
        token_scores=[0.5] * 5000,
        token_types=[1] * 5000,
        token_merges=["a b"] * 3000,
        chat_template="{{ messages }}" * 10_000,
        file_type=15,
    )
    header = read_header(data)
    assert len(data) - 4 * 32 - 32 < header.min_bytes <= len(data)
    assert replace(header, min_bytes=0) == GgufHeader(
        architecture="llama",
        name="Tiny Coder",
        size_label="30B-A3B",
        parameters=32,
        quantization="Q4_K_M",
        context_length=32768,
    )
    assert read_header(data).size == "30B-A3B"


def test_every_part_of_the_head_is_needed_and_nothing_else_of_the_file(written: Any) -> None:
    data = written(name="x", token_list=["a", "bb", "ccc"], file_type=7)
    whole = read_header(data)
    end = next(size for size in range(len(data)) if _reads(data[:size]))
    assert read_header(data[:end]) == whole
    for size in range(end):
        with pytest.raises(CutShort) as cut:
            read_header(data[:size])
        assert size < cut.value.needed <= end


def _reads(data: bytes) -> bool:
    try:
        read_header(data)
    except CutShort:
        return False
    return True


def test_the_table_of_file_types_is_that_of_the_package() -> None:
    theirs = {int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType}
    del theirs[1024]
    assert theirs == QUANTIZATIONS


@pytest.mark.parametrize(
    ("file_type", "name"), [(15, "Q4_K_M"), (1024 | 7, "Q8_0"), (0, "F32"), (999, None), (2**31, None)]
)
def test_quantization(file_type: int, name: str | None) -> None:
    data = head(NAMED, entry("general.file_type", U32, struct.pack("<I", file_type)))
    assert read_header(data).quantization == name


def test_what_a_file_does_not_say_is_absent() -> None:
    header = read_header(head())
    assert header == GgufHeader()
    assert not header.is_model
    assert header.size is None


@pytest.mark.parametrize(("architecture", "pooling", "task"), [("bert", None, "embeddings"), ("qwen3", 3, "embeddings"), ("qwen3", 0, "chat"), ("qwen3", 4, "rerank"), ("qwen3", None, "chat")])  # fmt: skip
def test_what_a_model_is_for(written: Any, architecture: str, pooling: int | None, task: str) -> None:
    more = {} if pooling is None else {"pooling_type": gguf.PoolingType(pooling)}
    assert read_header(written(architecture, **more)).task == task


@pytest.mark.parametrize(("kind", "architecture", "is_model"), [("model", "llama", True), ("adapter", "llama", False), ("mmproj", "clip", False), ("model", "clip", False)])  # fmt: skip
def test_files_that_go_with_a_model_are_none(kind: str, architecture: str, is_model: bool) -> None:
    data = head(entry("general.architecture", TEXT, string(architecture)), entry("general.type", TEXT, string(kind)))
    assert read_header(data).is_model is is_model


def test_a_part_of_a_split_file_does_not_count_parameters() -> None:
    tensor = string("w") + struct.pack("<IQQIQ", 2, 3, 5, 0, 0)
    whole = head(NAMED, tensors=tensor, tensor_count=1)
    part = head(NAMED, entry("split.count", 2, struct.pack("<H", 3)), tensors=tensor, tensor_count=1)
    assert (read_header(whole).parameters, read_header(whole).parts) == (15, 1)
    assert (read_header(part).parameters, read_header(part).parts) == (None, 3)


@pytest.mark.parametrize(("shape", "size"), [((7_000, 1_000_000), "7B"), ((1_500_000_000,), "1.5B"), ((596_049_920,), "596M"), ((12,), "12")])  # fmt: skip
def test_the_size_is_counted_where_the_header_has_none(shape: tuple[int, ...], size: str) -> None:
    tensor = string("w") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, 0)
    assert read_header(head(NAMED, tensors=tensor, tensor_count=1)).size == size


def test_a_name_is_one_line_that_can_be_shown() -> None:
    header = read_header(head(entry("general.name", TEXT, string("\x1b[2JModel\r\n\tof   mine" + "x" * 1000))))
    assert header.name is not None
    assert header.name.startswith("[2JModel of mine")
    assert len(header.name) <= 200


def test_text_that_is_no_utf8_and_values_of_another_kind() -> None:
    data = head(
        entry("general.name", TEXT, string(b"\xff\xfe")),
        entry("general.size_label", U32, struct.pack("<I", 7)),
        entry("general.file_type", 7, b"\x01"),
        entry("general.architecture", TEXT, string("llama")),
        entry("llama.context_length", 6, struct.pack("<f", float("nan"))),
    )
    assert read_header(data) == GgufHeader(name="\ufffd\ufffd", architecture="llama")


def test_a_text_too_long_to_be_kept_is_passed_over() -> None:
    data = head(entry("general.name", TEXT, string("x" * (MAX_TEXT_BYTES + 1))), NAMED)
    assert read_header(data) == GgufHeader(architecture="llama")


def test_nested_lists_are_passed_over() -> None:
    inner = struct.pack("<IQ", U32, 2) + struct.pack("<II", 1, 2)
    data = head(entry("some.lists", LIST, struct.pack("<IQ", LIST, 2) + inner * 2), NAMED)
    assert read_header(data).architecture == "llama"


BROKEN = {
    "another file": b"PK\x03\x04" + bytes(100),
    "version 1": head(version=1),
    "version 4": head(version=4),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "entries without end": head(count=2**63),
    "tensors without end": head(tensor_count=2**63),
    "no such kind": head(entry("k", 13, b"")),
    "no such kind in a list": head(entry("k", LIST, struct.pack("<IQ", 77, 1))),
    "lists without bottom": head(entry("k", LIST, struct.pack("<IQ", LIST, 1) * 50)),
    "a list of more texts than any": head(entry("k", LIST, struct.pack("<IQ", TEXT, MAX_ITEMS + 1))),
    "lists of more lists than any": head(entry("k", LIST, struct.pack("<IQ", LIST, 2**62))),
    "a tensor of many dimensions": head(tensors=string("w") + struct.pack("<I", 2**31), tensor_count=1),
}
LONGER = {
    "a key without end": head(struct.pack("<Q", 2**63)),
    "a text without end": head(entry("general.name", TEXT, struct.pack("<Q", 2**64 - 1))),
    "a list of numbers without end": head(entry("k", LIST, struct.pack("<IQ", U64, 2**64 - 1))),
    "a text without end in a list": head(entry("k", LIST, struct.pack("<IQQ", TEXT, 2, 2**64 - 1))),
    "a tensor's name without end": head(tensors=struct.pack("<Q", 2**64 - 1), tensor_count=1),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken(data: bytes) -> None:
    with pytest.raises(NotGguf):
        read_header(data)


@pytest.mark.parametrize("data", LONGER.values(), ids=LONGER)
def test_lengths_beyond_any_file_are_known_at_once(data: bytes) -> None:
    with pytest.raises(CutShort) as cut:
        read_header(data)
    assert cut.value.needed > 2**60


@given(st.binary(max_size=400))
@example(b"")
def test_garbage(data: bytes) -> None:
    _survives(data)


@given(st.binary(max_size=400), st.integers(0, 8), st.integers(0, 8))
def test_garbage_behind_a_sound_beginning(data: bytes, tensors: int, entries: int) -> None:
    _survives(b"GGUF" + struct.pack("<IQQ", 3, tensors, entries) + data)


SOUND = head(NAMED, entry("general.file_type", U32, struct.pack("<I", 15)), entry("t", LIST, struct.pack("<IQ", TEXT, 2) + string("a") + string("b")), tensors=string("w") + struct.pack("<IQQIQ", 2, 3, 5, 0, 0), tensor_count=1)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_sound_head_with_some_bytes_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SOUND)
    for place, value in changes:
        data[place] = value
    _survives(bytes(data))


def _survives(data: bytes) -> None:
    try:
        header = read_header(data)
    except (NotGguf, CutShort):
        return
    assert isinstance(header, GgufHeader)
