"""A Secret Service as a desktop has it: a session bus of its own, gnome-keyring on it, and a home of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from support import programs
from support.peers import Program

PASSWORD = b"correct horse battery staple"
SECRETS = "org.freedesktop.secrets"
UNANSWERED_PROMPTER = """
from jeepney import message_bus
from jeepney.io.blocking import open_dbus_connection
bus = open_dbus_connection()
bus.send_and_get_reply(message_bus.RequestName("org.gnome.keyring.SystemPrompter"))
print("here", flush=True)
while True:
    print(bus.receive().header, flush=True)
"""


class SecretService:
    """A running keyring, unlocked at first; the variables that lead to it are set while it runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._send = programs.debian_program("dbus-send", "dbus")
        self._daemon = programs.debian_program("gnome-keyring-daemon", "gnome-keyring")
        bus = programs.debian_program("dbus-daemon", "dbus")
        self.home = folder / "home"
        self.runtime = folder / "runtime"
        for path in (self.home, self.runtime):
            path.mkdir(mode=0o700)
        use_home(monkeypatch, self.home, self.runtime)
        with contextlib.ExitStack() as stack:
            address = f"unix:path={self.runtime}/bus"
            started = stack.enter_context(
                Program([bus, "--session", "--nofork", "--print-address", "--address", address])
            )
            self.address = started.wait_for(r"unix:path=\S+")[0]
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", self.address)
            self._stack = stack.pop_all()
        self.start()

    def start(self, *, unlocked: bool = True) -> None:
        """Starts a daemon with the entries of the one before; one that is not unlocked knows no password yet."""
        command = [self._daemon, "--foreground", "--components=secrets"]
        self._run = self._stack.enter_context(
            Program([*command, "--unlock"], stdin=PASSWORD) if unlocked else Program(command)
        )
        self._run.until(self._ready)

    def kill(self) -> None:
        """Ends the daemon as a crash does."""
        self._run.process.kill()
        self._run.process.wait(10)

    @contextlib.contextmanager
    def hanging(self) -> Generator[None]:
        """A daemon that answers nothing, for as long as the block lasts."""
        self._run.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._run.process.send_signal(signal.SIGCONT)

    def lock(self) -> None:
        """As if the desktop had locked it."""
        self._ask("Lock", "array:objpath:/org/freedesktop/secrets/collection/login")

    def unlock(self) -> None:
        """As if its owner had logged in, by the protocol of the log-in module. Source: gnome-keyring, control.txt."""
        password = struct.pack(">I", len(PASSWORD)) + PASSWORD
        packet = struct.pack(">II", 8 + len(password), 1) + password
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(f"{self.runtime}/keyring/control")
            control.sendall(b"\0" + packet)
            assert struct.unpack(">II", control.recv(8)) == (8, 0)

    def ignore_prompts(self) -> None:
        """From now on the password dialog stays open without an answer."""
        self._prompter = self._stack.enter_context(Program([sys.executable, "-c", UNANSWERED_PROMPTER]))
        self._prompter.wait_for("here")

    @property
    def prompted(self) -> bool:
        """Whether a dialog was opened since."""
        return "BeginPrompting" in self._prompter.output

    def stop(self) -> None:
        self._stack.close()

    def _ready(self) -> bool | None:
        # Its name is checked first: a call to it would make the bus start a second, locked one.
        owned = self._call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", f"string:{SECRETS}")
        if "true" not in owned:
            return None
        return True if "/collection/" in self._ask("ReadAlias", "string:default") else None

    def _ask(self, method: str, *arguments: str) -> str:
        return self._call(SECRETS, "/org/freedesktop/secrets", f"org.freedesktop.Secret.Service.{method}", *arguments)

    def _call(self, destination: str, path: str, *call: str) -> str:
        command = [self._send, "--session", "--print-reply", f"--dest={destination}", path, *call]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout


def use_home(monkeypatch: pytest.MonkeyPatch, home: Path, runtime: Path) -> None:
    """Programs started from now on live in another home, and no keyring is forbidden to them."""
    for name in list(os.environ):
        if name.startswith(("DBUS_", "GNOME_KEYRING", "XDG_")) or name in ("DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
