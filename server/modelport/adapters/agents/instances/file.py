"""The content of the file by which a running agent or server announces itself.

Source: ``protocol/instances.md``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from modelport.adapters.agents.instances.names import MAX_PID, file_name, is_name

FORMAT_VERSION = 1

Pid = Annotated[int, Meta(ge=1, le=MAX_PID)]
Word = Annotated[str, Meta(min_length=1)]


class Host(Struct, frozen=True, kw_only=True, rename="camel"):
    """The program that an instance works for: an editor, mostly."""

    name: str | None = None
    pid: Pid | None = None


class Instance(Struct, frozen=True, kw_only=True, rename="camel"):
    """The fields of a file. None of them is proven."""

    format_version: int
    pid: Pid
    started_at: Annotated[datetime, Meta(tz=True)]
    name: str
    display_name: str | None = None
    version: str | None = None
    protocol: Word
    protocol_version: int | str | None = None
    transport: Word
    url: str | None = None
    host: Host | None = None
    capabilities: tuple[str, ...] = ()


def decode(data: bytes, file: str) -> Instance | None:
    """The instance in a file; None where the format version is another, or the content does not fit the file's name."""
    try:
        instance = msgspec.json.decode(data, type=Instance)
    except (msgspec.DecodeError, UnicodeError, RecursionError, OverflowError):
        return None
    # A time near either end of the calendar cannot be converted to another time zone.
    fits = (
        instance.format_version == FORMAT_VERSION and is_name(instance.name) and 1970 <= instance.started_at.year < 9999
    )
    return instance if fits and file == file_name(instance.name, instance.pid) else None
