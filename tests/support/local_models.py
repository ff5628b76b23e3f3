"""Folders of model files for the tests, and the notes of the servers started from ``fake_llama_server``."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

from modelport.domain.providers.configuration import LocalModelsEntry
from support.peers import alive

FAKE = Path(__file__).with_name("fake_llama_server.py")
COMMAND = (sys.executable, "-I", str(FAKE), "--model", "{model}", "--port", "{port}")


def gguf(path: Path, architecture: str = "llama", *, context: int = 4096, file_type: int = 15, more: int = 0) -> Path:
    """A file with a header and so many more bytes after it."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    entries = [
        text("general.architecture") + struct.pack("<I", 8) + text(architecture),
        text("general.name") + struct.pack("<I", 8) + text(f"Model {path.stem}"),
        text("general.size_label") + struct.pack("<I", 8) + text("1B"),
        text(f"{architecture}.context_length") + struct.pack("<II", 4, context),
        text("general.file_type") + struct.pack("<II", 4, file_type),
    ]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries) + bytes(more))
    return path


def settings(folder: Path, notes: Path | None = None, *flags: str, **changes: Any) -> LocalModelsEntry:
    """A configuration that serves a folder with the fake."""
    notes_flags = ("--notes", str(notes)) if notes else ()
    return LocalModelsEntry(**{"folder": str(folder), "command": COMMAND, "flags": (*notes_flags, *flags), **changes})


def config(folder: Path, notes: Path, /, *flags: str, **changes: Any) -> str:
    """The same as the text of a configuration file."""
    entry = settings(folder, notes, *flags)
    values: dict[str, Any] = {"folder": entry.folder, "command": entry.command, "flags": entry.flags, **changes}
    return "[local_models]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def started(notes: Path, model: str = "*") -> list[dict[str, Any]]:
    """The notes of each server that was started, oldest first."""
    found = sorted(notes.glob(f"{model}.*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text()) for path in found]


def running(notes: Path) -> list[int]:
    """The processes still running of all servers that were started, with their children and supervisors."""
    numbers = [note[kind] for note in started(notes) for kind in ("pid", "child", "parent")]
    return [number for number in numbers if number is not None and number > 1 and alive(number)]
