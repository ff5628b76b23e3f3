"""Opens and reads regular files only.

A pipe without a writer blocks its reader for ever, and so may a terminal. Either may stand where a file is expected.
"""

# Texts are cheaper than paths, and there are hundreds.
from __future__ import annotations

import errno
import os
import stat

# Windows has none but the last of these flags.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_CHUNK_BYTES = 1024 * 1024


def open_regular(path: str | os.PathLike[str], *, links: bool = True) -> int:
    """A descriptor of a regular file for reading; with ``links=False`` the path itself must be one, not lead to one.

    Raises:
        OSError: it is missing, may not be read, or is no regular file.
        ValueError: it cannot be a path.
    """
    descriptor = os.open(path, _FLAGS if links else _FLAGS | _NO_LINK)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            kind = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            raise OSError(kind, "Is a directory" if kind == errno.EISDIR else "Not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_start(path: str | os.PathLike[str], limit: int, *, links: bool = True) -> bytes:
    """The first bytes of a regular file, at most ``limit`` of them; see ``open_regular`` for ``links``.

    Raises:
        OSError, ValueError: see ``open_regular``.
    """
    descriptor = open_regular(path, links=links)
    try:
        data = os.read(descriptor, min(limit, _CHUNK_BYTES))
        if len(data) < _CHUNK_BYTES:
            return data
        whole = bytearray(data)
        while len(whole) < limit and (more := os.read(descriptor, min(limit - len(whole), _CHUNK_BYTES))):
            whole += more
        return bytes(whole)
    finally:
        os.close(descriptor)


def read_whole(path: str | os.PathLike[str], limit: int, *, links: bool = True) -> bytes:
    """All bytes of a regular file; see ``open_regular`` for ``links``.

    Raises:
        OSError, ValueError: see ``open_regular``; or it has more than ``limit`` bytes.
    """
    data = read_start(path, limit + 1, links=links)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"More than {limit} bytes")
    return data
