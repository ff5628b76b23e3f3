"""Taking standard input and output, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import json, os, sys
from modelport.frontends.rpc.stdio import claim
stdio = claim()
print("printed")
os.write(1, b"to descriptor 1\\n")
found = {
    "pollable": stdio.pollable,
    "blocking": os.get_blocking(stdio.sink),
    "inheritable": [os.get_inheritable(stdio.source), os.get_inheritable(stdio.sink)],
    "descriptor 0": os.read(0, 10).decode(),
    "read": os.read(stdio.source, 100).decode(),
}
data = json.dumps(found).encode()
os.write(stdio.sink, data)
"""


def claimed(**streams: Any) -> tuple[dict[str, Any], bytes]:
    """What a process found that claimed these streams, and its standard error."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=b"from the client", check=True, **streams)
    return json.loads(done.stdout) if done.stdout else {}, done.stderr or b""


def test_the_wire_is_private_and_everything_else_goes_to_stderr() -> None:
    found, stderr = claimed()
    assert found == {
        "pollable": True,
        "blocking": False,
        "inheritable": [False, False],
        "descriptor 0": "",
        "read": "from the client",
    }
    assert b"printed" in stderr
    assert b"to descriptor 1" in stderr


def test_a_file_cannot_be_polled_and_stays_blocking(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        claimed(stdout=out)
    found = json.loads((tmp_path / "out").read_bytes())
    assert (found["pollable"], found["blocking"]) == (False, True)


def test_an_output_that_is_stderr_too_is_left_blocking() -> None:
    # Non-blocking mode would apply to every process that shares stderr.
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=b"x", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)  # fmt: skip
    found = json.loads(done.stdout[done.stdout.index(b"{") : done.stdout.rindex(b"}") + 1])
    assert (found["pollable"], found["blocking"]) == (False, True)
