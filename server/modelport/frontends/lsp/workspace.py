"""The client's workspace, from the params of the messages that name it; what is malformed is left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from modelport.borders import readable
from modelport.protocol.shapes import is_list, is_object


def project(params: dict[str, Any]) -> str | None:
    """The name of the first folder in the params of ``initialize``; None where there is none."""
    folders = params.get("workspaceFolders")
    first = folders[0] if is_list(folders) and folders else None
    name = first.get("name") if is_object(first) else None
    if isinstance(name, str) and name:
        return readable(name)[:200]
    root = params.get("rootUri") or params.get("rootPath")
    if not isinstance(root, str):
        return None
    return readable(_split(root)[2]).rstrip("/").rpartition("/")[2][:200] or None


def open_folders(params: dict[str, Any]) -> tuple[str, ...]:
    """The paths of the folders in the params of ``initialize``."""
    root = (params.get("rootUri"), params.get("rootPath"))
    return tuple(dict.fromkeys([*_uris(params.get("workspaceFolders")), *_paths(root)]))


def changed_folders(folders: tuple[str, ...], params: Any) -> tuple[str, ...]:
    """The folders after ``workspace/didChangeWorkspaceFolders``."""
    event = params.get("event") if is_object(params) else None
    added, removed = (event.get("added"), event.get("removed")) if is_object(event) else (None, None)
    gone = frozenset(_uris(removed))
    return tuple(dict.fromkeys([*(folder for folder in folders if folder not in gone), *_uris(added)]))


def _uris(folders: Any) -> Iterable[str]:
    return _paths(folder.get("uri") for folder in folders if is_object(folder)) if is_list(folders) else ()


def _paths(names: Iterable[Any]) -> Iterable[str]:
    return (path for name in names if isinstance(name, str) and (path := _path(name)))


def _path(name: str) -> str | None:
    """The path of a ``file:`` address, or one that is a path already; None where it is not on this machine."""
    scheme, authority, path = _split(name)
    if scheme not in ("", "file"):
        return None
    if os.name != "nt" or not scheme:
        return path if path and authority in ("", "localhost") else None
    # file:///c%3A/work, and file://server/share
    return f"//{authority}{path}" if authority else path.lstrip("/") or None


def _split(root: str) -> tuple[str, str, str]:
    """Scheme, authority and path of a URI, or no more than the path that the text is.

    Not by urllib, which refuses some URIs of real editors.
    """
    scheme, separator, rest = root.partition("://")
    if not separator:
        return "", "", root
    authority, slash, path = rest.partition("/")
    return scheme.lower(), authority, unquote(slash + re.split(r"[?#]", path, maxsplit=1)[0])
