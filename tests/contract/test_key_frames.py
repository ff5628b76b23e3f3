"""No frame that waits, or that calls what may fail, has a key in a local, where a traceback with locals would show it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = "takes texts apart that it is given, calls nothing that fails, and returns"
REASONS = {
    "domain/redaction.py": PURE,
    "domain/stream_redaction.py": PURE,
    "domain/child_variables.py": PURE,
    "domain/providers/connection.py": PURE,
    "adapters/system/programs.py": PURE,
    "borders.py": PURE,
    "adapters/credential_stores/entries.py": PURE,
    "adapters/provider_client/vendor_clients.py": PURE,
    "adapters/log_ins/requests.py _fields": PURE,
    "adapters/log_ins/requests.py _reply": PURE,
    "adapters/log_ins/requests.py _sent": PURE,
    "adapters/log_ins/requests.py <listcomp>": PURE,
    "adapters/log_ins/oauth/pkce.py": PURE,
    "adapters/log_ins/oauth/replies.py": PURE,
    "adapters/log_ins/oauth/device.py _read": PURE,
    "adapters/log_ins/oauth/device.py <genexpr>": PURE,
    "adapters/log_ins/oauth/code.py accept": PURE,
    "adapters/log_ins/oauth/code.py _take_pasted": PURE,
    "adapters/log_ins/oauth/code.py _fields_of": PURE,
    "adapters/log_ins/oauth/code.py <genexpr>": PURE,
    "adapters/log_ins/oauth/callback.py _page": PURE,
    "adapters/log_ins/oauth/callback.py _values": PURE,
    "adapters/log_ins/oauth/callback.py _answer": "has read the request, and makes a page of it",
    "adapters/http/bodies.py read_capped": "puts each chunk away before it waits for the next",
    "adapters/credential_stores/keyrings/long_values.py": "whoever calls it has its errors forget their frames",
    "adapters/http/connection.py send": "the transport of the loop takes what it is given, and reports errors later",
    "adapters/http/http1.py request_head": "its only error is raised again without its frames",
    "adapters/child_processes/output.py _read": "a thread that catches the errors of its pipe",
    "adapters/child_processes/output.py _collect": "waits for a queue, whose only error it catches",
}
"""The functions, or whole modules, whose frames hold keys, and why none of them is in a traceback."""


@pytest.mark.timeout(90)
@pytest.mark.skipif(os.name == "nt", reason="the key command is a shell script")
def test_no_frame_holds_a_key_while_something_may_fail(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT / "tests")])}
    command = [sys.executable, "-m", "support.key_frames", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ended_well, *shown = done.stdout.splitlines()
    # It looks at frames, and finds keys where they are.
    assert any(line.startswith("domain/redaction.py forms_of") for line in shown)
    assert any(line.startswith("adapters/credential_stores/entries.py decode") for line in shown)
    assert any(line.startswith("adapters/child_processes/output.py _read") for line in shown)
    # By device, browser and hand, one for a key, one for each kind of renewal, and the renewal that succeeds.
    assert int(ended_well) == 10
    assert any(line.startswith("adapters/log_ins/oauth/code.py accept") for line in shown)
    assert [line for line in shown if not any(line.startswith(f"{name} ") for name in REASONS)] == []
