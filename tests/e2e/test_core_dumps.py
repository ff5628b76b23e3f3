"""A process that holds keys leaves no image of its memory behind; the user's programs do as they are set."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.http_server import Answer, LocalServer
from support.server_process import ServerProcess

CANARY = "gsk_CANARY5f0c2e7d91b84a63"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows writes no dump without a setting of its own")


@pytest.fixture
def wanted() -> Iterator[None]:
    """Core dumps as a user has set them who wants them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def soft_limit(pid: int) -> str:
    line = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line)
    return re.split(r"\s{2,}", line)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the limits of a process")
def test_the_limit_of_the_server_allows_no_dump_and_the_users_programs_keep_theirs(
    wanted: None, tmp_path: Path
) -> None:
    script = tmp_path / "key.sh"
    script.write_text(f"ulimit -S -c > {tmp_path}/theirs; ulimit -H -c >> {tmp_path}/theirs; echo {CANARY}")
    (tmp_path / "config.toml").write_text(
        f'[providers.acme]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_command = ["/bin/sh", "{script}"]\n'
    )
    expected = subprocess.run(
        ["/bin/sh", "-c", "ulimit -S -c; ulimit -H -c"], capture_output=True, text=True, check=True
    )
    with (
        LocalServer(lambda _: Answer(chunks=[b'{"data": []}'])),
        ServerProcess(env={"MODELPORT_CONFIG_DIR": str(tmp_path)}, fresh=True) as server,
    ):
        server.initialize()
        assert soft_limit(server.process.pid) in ("0", "1")
        server.request("model/list", {"provider": "acme"})
        assert soft_limit(server.process.pid) in ("0", "1")
        server.unclaimed.clear()
        server.close()
    assert (tmp_path / "theirs").read_text() == expected.stdout
    assert expected.stdout.split()[0] != "0" or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0


@pytest.mark.parametrize("command", [["serve"], ["keys", "set", "groq"]])
def test_a_process_that_is_killed_as_by_a_bug_leaves_no_image_of_its_memory(
    wanted: None, tmp_path: Path, command: list[str]
) -> None:
    """Where the system pipes dumps to a program, there is no file in either case; the limit is looked at above."""
    process = subprocess.Popen(
        [sys.executable, "-m", "modelport", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "GROQ_API_KEY": CANARY},
        cwd=tmp_path,
    )
    assert process.stdin is not None
    if sys.platform == "linux":
        deadline = time.monotonic() + 5
        while soft_limit(process.pid) not in ("0", "1") and time.monotonic() < deadline:
            assert process.poll() is None
    else:
        process.stdin.write(b"x")
        process.stdin.flush()
    process.send_signal(signal.SIGSEGV)
    process.communicate()
    assert process.returncode == -signal.SIGSEGV
    assert [path.name for path in tmp_path.iterdir() if "core" in path.name] == []
