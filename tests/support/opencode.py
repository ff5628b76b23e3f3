"""The fake OpenCode as a program on a search path, and what it has written down about itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from modelport.adapters.data.providers import load_registry
from modelport.domain.providers.rows import Provider, ServerProgram
from support.peers import alive

FAKE = Path(__file__).with_name("fake_opencode.py")


def shipped() -> tuple[Provider, ServerProgram]:
    """The row of the program, and the program."""
    row = load_registry().get("opencode-local")
    assert row.program is not None
    return row, row.program


class FakeOpenCode:
    """A folder with the program, and the notes of each process of it."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.notes, self.gate = folder / "bin", folder / "opencode-notes", folder / "gate"
        self.notes.mkdir(parents=True)
        self.bin.mkdir()
        program = self.bin / "opencode"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{FAKE}" "$@"\n')
        program.chmod(0o755)

    def environment(self) -> dict[str, str]:
        """The variables with which it is found, and takes its notes."""
        path = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        return {"PATH": path, "FAKE_OPENCODE_NOTES": str(self.notes)}

    def started(self) -> list[dict[str, Any]]:
        """What each process said of itself, the oldest first."""
        return [notes[0] for notes in self._notes()]

    def requests(self) -> list[dict[str, Any]]:
        """The requests that all processes got, in order."""
        return [note for notes in self._notes() for note in notes[1:]]

    def sent(self) -> dict[str, Any]:
        """The body of the last message."""
        return [note["body"] for note in self.requests() if note["request"].endswith("/prompt_async")][-1]

    def running(self) -> list[int]:
        """The processes that are left."""
        return [pid for note in self.started() for pid in (note["pid"], note["parent"]) if pid > 1 and alive(pid)]

    def _notes(self) -> list[list[dict[str, Any]]]:
        read = [[json.loads(line) for line in path.read_text().splitlines()] for path in self.notes.glob("*.jsonl")]
        return sorted((notes for notes in read if notes), key=lambda notes: notes[0]["at"])
