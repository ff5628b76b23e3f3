"""An environment in which a server that is sent anything at all reaches nothing but this test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CLOSED = "http://127.0.0.1:9"
"""A proxy that refuses every connection: an address outside of this machine leads nowhere."""
MAX_PEAK_KB = 700_000
"""What a server may have held at its largest: several messages of the largest size, whole and parsed."""
KEPT = ("LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMP", "MODELPORT_LOG", "COVERAGE_PROCESS_START")


def environment(home: Path) -> dict[str, str]:
    """Variables for a server whose folders, programs and keyring are below ``home``, which need not exist."""
    for name in ("data", "config", "runtime", "bin", ".config"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(TESTS)))),
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PATH": os.pathsep.join((str(home / "bin"), "/usr/bin", "/bin")),
        "SHELL": "/bin/false",
        "MODELPORT_DATA_DIR": str(home / "data"),
        "MODELPORT_CONFIG_DIR": str(home / "config"),
        "MODELPORT_PROCESS_TREE": str(os.getpid()),
        "XDG_RUNTIME_DIR": str(home / "runtime"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
        "TEST_KEYRING_FILE": str(home / "keyring.json"),
        "HTTP_PROXY": CLOSED,
        "HTTPS_PROXY": CLOSED,
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_GCE_CHECK": "true",
    }


def peak_kb(pid: int) -> int:
    """The most memory that a running process has held, in KiB; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def said_badly(stderr: str, limit: int = 1500) -> list[str]:
    """What stderr must not hold: the end of a traceback, or a bug that was caught."""
    for mark in ("Traceback (most recent call last)", "Exception ignored", "bug in ", "never awaited"):
        if mark in stderr:
            start = stderr.index(mark)
            return [f"stderr has {mark!r}: …{stderr[start : start + limit]}"]
    return []
