"""The client's folders, as clients name them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from modelport.frontends.lsp.workspace import changed_folders, open_folders

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")


@pytest.mark.parametrize(
    ("params", "folders"),
    [
        ({}, ()),
        ({"workspaceFolders": None, "rootUri": None, "rootPath": None}, ()),
        ({"workspaceFolders": [{"uri": "file:///a%20b", "name": "x"}, {"uri": "file:///c"}]}, ("/a b", "/c")),
        ({"rootUri": "file:///a", "rootPath": "/a"}, ("/a",)),
        ({"rootPath": "/a"}, ("/a",)),
        ({"rootUri": "FILE:///a"}, ("/a",)),
        ({"rootUri": "vscode-remote://host/a"}, ()),
        ({"workspaceFolders": "x", "rootUri": 7, "rootPath": ["/a"]}, ()),
        ({"workspaceFolders": [None, {"uri": 7}, {}, {"uri": "file://[/a"}]}, ()),
    ],
)
def test_the_folders_of_initialize(params: dict[str, Any], folders: tuple[str, ...]) -> None:
    assert open_folders(params) == folders


@pytest.mark.parametrize(
    ("params", "folders"),
    [
        ({"event": {"added": [{"uri": "file:///b"}], "removed": []}}, ("/a", "/b")),
        ({"event": {"added": [], "removed": [{"uri": "file:///a"}]}}, ()),
        ({"event": {"added": [{"uri": "file:///a"}], "removed": None}}, ("/a",)),
        ({"event": None}, ("/a",)),
        (None, ("/a",)),
    ],
)
def test_folders_that_change(params: Any, folders: tuple[str, ...]) -> None:
    assert changed_folders(("/a",), params) == folders
