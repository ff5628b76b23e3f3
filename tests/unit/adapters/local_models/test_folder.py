"""The listing of a folder of model files: everything that is a model, nothing twice, and no trap."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.local_models import folder as folder_module
from modelport.adapters.local_models.folder import MAX_DEPTH, DiskFolder
from modelport.domain.providers.configuration import LocalModelsEntry
from support.local_models import gguf


async def ids(folder: Path) -> list[str]:
    return [model.id for model in await DiskFolder().models(str(folder))]


async def test_models_with_their_sizes(tmp_path: Path) -> None:
    gguf(tmp_path / "Tiny-Q4.gguf", context=2048, more=1000)
    gguf(tmp_path / "nested" / "deep" / "Coder.GGUF", "bert", file_type=7)
    (tmp_path / "readme.txt").write_text("no model")
    (tmp_path / "folder.gguf").mkdir()
    with blockbuster_ctx("modelport"):
        coder, tiny = await DiskFolder().models(str(tmp_path))
    assert (tiny.id, coder.id, coder.relative) == ("Tiny-Q4", "Coder", "nested/deep/Coder")
    assert tiny.size_bytes == (tmp_path / "Tiny-Q4.gguf").stat().st_size
    assert tiny.header is not None
    assert coder.header is not None
    assert (tiny.header.quantization, tiny.header.context_length, tiny.header.size) == ("Q4_K_M", 2048, "1B")
    assert (coder.header.quantization, coder.header.task) == ("Q8_0", "embeddings")


async def test_a_change_is_seen_the_next_time(tmp_path: Path) -> None:
    folder = DiskFolder()
    assert list(await folder.models(str(tmp_path))) == []
    gguf(tmp_path / "a.gguf", file_type=15)
    (first,) = await folder.models(str(tmp_path))
    gguf(tmp_path / "a.gguf", file_type=7, more=1)
    gguf(tmp_path / "b.gguf")
    second, other = await folder.models(str(tmp_path))
    (tmp_path / "a.gguf").unlink()
    assert first.header is not None
    assert second.header is not None
    assert (first.header.quantization, second.header.quantization, other.id) == ("Q4_K_M", "Q8_0", "b")
    assert [model.id for model in await folder.models(str(tmp_path))] == ["b"]


async def test_a_file_that_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf(tmp_path / "a.gguf")
    folder = DiskFolder()
    before = await folder.models(str(tmp_path))

    def fail(data: bytes) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(folder_module, "read_header", fail)
    assert await folder.models(str(tmp_path)) == before


async def test_a_head_longer_than_the_first_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "FIRST_READ_BYTES", 16)
    gguf(tmp_path / "a.gguf")
    (model,) = await DiskFolder().models(str(tmp_path))
    assert model.header is not None
    assert model.header.quantization == "Q4_K_M"


async def test_what_is_broken_is_known_and_not_offered(tmp_path: Path) -> None:
    whole = gguf(tmp_path / "whole.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[:60])
    (tmp_path / "empty.gguf").write_bytes(b"")
    (tmp_path / "page.gguf").write_bytes(b"<!doctype html>")
    (tmp_path / "endless.gguf").write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62))
    tensor = struct.pack("<Q", 1) + b"w" + struct.pack("<IQIQ", 1, 8, 0, 64)
    (tmp_path / "partial.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor + bytes(60))
    sparse = tmp_path / "sparse.gguf"
    sparse.write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**40))
    os.truncate(sparse, 2**41)
    troubles = {model.id: model.trouble for model in await DiskFolder().models(str(tmp_path))}
    assert troubles == {
        "whole": None,
        "cut": "ends in the middle of its head: download it again",
        "empty": "ends in the middle of its head: download it again",
        "page": "is no model: it does not begin as a GGUF file",
        "endless": "ends in the middle of its head: download it again",
        "partial": "is not whole: download it again",
        "sparse": "has a longer head than any model has",
    }


async def test_links_that_lead_in_circles(tmp_path: Path) -> None:
    gguf(tmp_path / "models" / "a.gguf")
    (tmp_path / "models" / "again").symlink_to(tmp_path / "models", target_is_directory=True)
    (tmp_path / "models" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "models" / "nowhere.gguf").symlink_to(tmp_path / "missing")
    (tmp_path / "models" / "itself.gguf").symlink_to(tmp_path / "models" / "itself.gguf")
    assert await ids(tmp_path / "models") == ["a"]


async def test_links_to_files_are_followed(tmp_path: Path) -> None:
    blob = gguf(tmp_path / "blobs" / "sha256-1234")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "linked.gguf").symlink_to(blob)
    assert await ids(tmp_path / "models") == ["linked"]


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders")
@pytest.mark.timeout(10)
async def test_a_pipe_that_is_called_like_a_model_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert await ids(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="every name is text there")
async def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    os.link(gguf(tmp_path / "a.gguf"), os.fsencode(tmp_path) + b"/\xff.gguf")
    assert await ids(tmp_path) == ["a"]


async def test_only_so_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"d" * MAX_DEPTH)
    gguf(deep / "in.gguf")
    gguf(deep / "d" / "out.gguf")
    gguf(tmp_path / ".cache" / "hidden.gguf")
    assert await ids(tmp_path) == ["in"]


async def test_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_FILES", 3)
    for number in range(5):
        gguf(tmp_path / f"{number}.gguf")
    assert len(await ids(tmp_path)) == 3


async def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await DiskFolder().models(str(tmp_path / "none"))


def entry(program: str) -> LocalModelsEntry:
    return LocalModelsEntry(folder="m", command=(program, "{model}", "{port}"))


async def test_programs(tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\n")
    folder = DiskFolder()
    assert not await folder.can_serve(entry(str(program)))
    program.chmod(0o755)
    assert await folder.can_serve(entry(str(program)))
    assert not await folder.can_serve(entry("no-such-program-anywhere"))
