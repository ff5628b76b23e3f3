"""Lists the model files of a folder. Everything here blocks, so it runs in a worker thread."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
import anyio.to_thread

from modelport.adapters.local_models.wsl import runs_in_wsl
from modelport.adapters.system.programs import Programs
from modelport.domain.gguf import CutShort, GgufHeader, NotGguf, read_header
from modelport.domain.local.model_files import SUFFIX, FoundFile, catalogued
from modelport.domain.providers.configuration import LocalModelsEntry
from modelport.domain.providers.model_file import ModelFile

MAX_DEPTH = 8
MAX_ENTRIES = 50_000
"""Files and folders looked at; a folder with more is no folder of models."""
MAX_FILES = 2000
FIRST_READ_BYTES = 512 * 1024
MAX_HEAD_BYTES = 64 * 1024 * 1024
READ_GROWTH = 4

_Stamp = tuple[int, int, int]
_Head = tuple[GgufHeader | None, str | None]


class DiskFolder:
    """A ``ModelFolder``. The head of a file is cached until the file changes."""

    def __init__(self, programs: Programs | None = None) -> None:
        self._programs = programs or Programs()
        self._heads: dict[str, tuple[_Stamp, _Head]] = {}
        # One look at a time: the second finds what the first has read.
        self._lock = anyio.Lock()

    async def models(self, folder: str) -> Sequence[ModelFile]:
        """The models that are now in the folder and its subfolders.

        Raises:
            OSError: the folder itself cannot be read.
        """
        async with self._lock:
            return await anyio.to_thread.run_sync(self._look, folder, abandon_on_cancel=True)

    async def can_serve(self, entry: LocalModelsEntry) -> bool:
        """Whether the program of the command is on the search path, exists at its own path, or runs in WSL."""
        find = self._programs.find
        return await anyio.to_thread.run_sync(
            lambda: runs_in_wsl(entry, which=find) or find(entry.command[0]) is not None
        )

    def _look(self, folder: str) -> list[ModelFile]:
        root, found, heads = Path(folder), list[FoundFile](), dict[str, tuple[_Stamp, _Head]]()
        for path, status in _files(root):
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._heads.get(path)
            head = known[1] if known is not None and known[0] == mark else _head(path, status.st_size)
            heads[path] = (mark, head)
            found.append(
                FoundFile(
                    relative=Path(path).relative_to(root).as_posix(),
                    path=path,
                    size_bytes=status.st_size,
                    header=head[0],
                    trouble=head[1],
                )
            )
        self._heads = heads
        return catalogued(found)


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The model files below a folder. A folder that is reached twice, as a link may lead to, is looked at once."""
    waiting, seen, entries, files = [(str(root), 0)], set[tuple[int, int]](), 0, 0
    while waiting:
        folder, depth = waiting.pop()
        for entry in _entries(folder, needed=depth == 0, seen=seen):
            entries += 1
            if entries > MAX_ENTRIES or files >= MAX_FILES:
                return
            status = _status(entry)
            if status is None:
                continue
            if stat.S_ISDIR(status.st_mode):
                if depth < MAX_DEPTH and not entry.name.startswith("."):
                    waiting.append((entry.path, depth + 1))
            elif stat.S_ISREG(status.st_mode) and entry.name.casefold().endswith(SUFFIX) and _sound(entry.path):
                files += 1
                yield entry.path, status


def _entries(folder: str, *, needed: bool, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    try:
        status = os.stat(folder)  # noqa: PTH116  as cheap as can be
        if (status.st_dev, status.st_ino) in seen:
            return []
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as listed:
            # In the order of the names, so that it does not depend on the disk which of two links counts.
            return sorted(listed, key=lambda entry: entry.name, reverse=True)
    except OSError:
        if needed:
            raise
        return []


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the entry is, links followed; None for one that leads nowhere."""
    try:
        return entry.stat()
    except OSError:
        return None


def _sound(path: str) -> bool:
    """Whether a name is text: no other can be sent to a client."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _head(path: str, size: int) -> _Head:
    """The header of a model file, or why there is none."""
    try:
        with Path(path).open("rb") as file:
            data, wanted = b"", FIRST_READ_BYTES
            while True:
                data += file.read(wanted - len(data))
                try:
                    return _whole(read_header(data), size)
                except CutShort as cut:
                    if cut.needed > size or len(data) < wanted:
                        return None, "ends in the middle of its head: download it again"
                    if wanted >= MAX_HEAD_BYTES or cut.needed > MAX_HEAD_BYTES:
                        return None, "has a longer head than any model has"
                    wanted = min(max(wanted * READ_GROWTH, cut.needed), MAX_HEAD_BYTES)
    except NotGguf as error:
        return None, f"is no model: {error}"
    except OSError as error:
        return None, f"cannot be read ({error.strerror or type(error).__name__})"


def _whole(header: GgufHeader, size: int) -> _Head:
    if header.min_bytes > size:
        return None, "is not whole: download it again"
    return header, None
