"""The list of names beside the keyring."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelport.adapters.credential_stores.index_file import IndexFile


def test_names_are_sorted_and_there_once(tmp_path: Path) -> None:
    index = IndexFile(tmp_path / "new" / "index.json")
    for name in ("b", "a", "b"):
        index.add(name)
    assert index.read() == ["a", "b"]
    index.remove("a")
    index.remove("missing")
    assert index.read() == ["b"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"a":1}', b"[1]", b"\xff"])
def test_a_file_that_makes_no_sense_is_an_empty_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.json"
    path.write_bytes(content)
    assert IndexFile(path).read() == []


def test_a_missing_file_is_an_empty_list_of_version_0(tmp_path: Path) -> None:
    index = IndexFile(tmp_path / "index.json")
    assert index.read() == []
    assert index.version() == 0


def test_every_change_is_a_new_version_also_when_the_names_stay_the_same(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    index = IndexFile(path)
    index.add("a")
    os.utime(path, ns=(1, 1))
    before = index.version()
    # A key that was replaced keeps its name, and must be read anew.
    index.add("a")
    assert index.version() != before


def test_it_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    index = IndexFile(tmp_path / "index.json")
    index.add("a")
    index.add("b")
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = IndexFile(tmp_path / "file" / "index.json")
    index.add("a")
    assert index.read() == []
