"""What the tests of log-ins in editors share: a user's machine, and a browser on its search path."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from e2e.test_log_in import Machine
from support.oauth_server import OAuthServer

BROWSER = Path(__file__).with_name("browser.py")


class Desk(Machine):
    """A user's machine with a browser, and an environment for the editor on it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, oauth: OAuthServer) -> None:
        super().__init__(folder, monkeypatch)
        self.configure(oauth.toml())
        self._seen = folder / "seen"
        programs = folder / "bin"
        programs.mkdir()
        script = programs / "xdg-open"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{BROWSER}" "$@"\n')
        script.chmod(0o700)
        for name in ("SSH_CONNECTION", "SSH_TTY"):
            monkeypatch.delenv(name, raising=False)
        self.env = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "SEEN": str(self._seen),
            "MODELPORT_BROWSER": json.dumps([sys.executable, str(BROWSER)]),
        }

    @property
    def opened(self) -> list[str]:
        """The pages that the browser was started with."""
        return self._seen.read_text().splitlines() if self._seen.exists() else []


def port_of(page: str) -> int:
    """The port that a browser comes back to from a page of the code flow."""
    return urlsplit(parse_qs(urlsplit(page).query)["redirect_uri"][0]).port or 0


def is_free(port: int) -> bool:
    """Whether no server listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
