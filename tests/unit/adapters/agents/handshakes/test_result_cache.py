"""Which results are cached, and for exactly which program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from modelport.adapters.agents.handshakes.result_cache import MAX_FILE_BYTES, FileHandshakeCache
from modelport.domain.agents.observations import HandshakeResult, Launch
from support.builders import CANARY

RESULT = HandshakeResult(
    status="ready",
    auth="unknown",
    verified_at="2026-11-20T09:30:00.125Z",
    latency_ms=412.5,
    protocol_version=1,
    agent_info={"name": "fake", "version": "1"},
    capabilities={"loadSession": True, "inner": {"deep": [1, None]}},
    auth_methods=({"id": "log-in"},),
    stdout_noise=2,
    exits_cleanly=True,
)


class Place:
    def __init__(self, folder: Path) -> None:
        self.node = "v22.1.0"
        self.folder = folder / "data" / "agents"
        self.files = FileHandshakeCache(self.folder, lambda: self.node)
        self.program = folder / "bin" / "fake-1.0"
        self.program.parent.mkdir()
        self.program.write_text("#!/bin/sh\n")
        self.link = folder / "fake"
        self.link.symlink_to(self.program)

    def launch(self, *args: str, **changes: object) -> Launch:
        return msgspec.structs.replace(Launch(argv=(str(self.link), *args), start_s=15), **changes)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_comes_back_as_it_was_also_in_another_process(place: Place) -> None:
    assert place.files.get(place.launch("--acp")) is None

    place.files.put(place.launch("--acp"), RESULT)

    assert place.files.get(place.launch("--acp")) == RESULT
    assert FileHandshakeCache(place.folder, lambda: "v22.1.0").get(place.launch("--acp")) == RESULT
    place.files.put(place.launch("--acp"), msgspec.structs.replace(RESULT, status="broken"))
    known = place.files.get(place.launch("--acp"))
    assert known is not None
    assert known.status == "broken"
    assert len(list(place.folder.iterdir())) == 1


def test_only_its_owner_reads_it(place: Place) -> None:
    place.files.put(place.launch(), RESULT)

    [file] = place.folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert place.folder.stat().st_mode & 0o777 == 0o700


def test_another_program_is_another_program(place: Place, tmp_path: Path) -> None:
    launch = place.launch("--acp", older_argv=("x",), env={"A": "1"})
    place.files.put(launch, RESULT)

    other = tmp_path / "bin" / "fake-1.1"
    other.write_text("#!/bin/sh\n")
    for changed in (
        place.launch(),
        place.launch("--experimental-acp", older_argv=("x",), env={"A": "1"}),
        place.launch("--acp", older_argv=("y",), env={"A": "1"}),
        place.launch("--acp", older_argv=("x",), env={"A": "2"}),
        msgspec.structs.replace(launch, argv=(str(other), "--acp")),
    ):
        assert place.files.get(changed) is None
    assert place.files.get(launch) == RESULT
    place.node = "v24.0.0"
    assert place.files.get(launch) is None


def test_an_update_is_another_program_even_where_it_kept_its_time_and_size(place: Place, tmp_path: Path) -> None:
    launch = place.launch()
    place.files.put(launch, RESULT)
    before = place.program.stat()
    updated = tmp_path / "new"
    updated.write_text("#!/bin/bd\n")
    os.utime(updated, ns=(before.st_atime_ns, before.st_mtime_ns))
    updated.replace(place.program)

    assert place.program.stat().st_size == before.st_size
    assert place.program.stat().st_mtime_ns == before.st_mtime_ns
    assert place.files.get(launch) is None

    place.files.put(launch, RESULT)
    place.link.unlink()
    place.link.symlink_to(sys.executable)
    assert place.files.get(launch) is None
    place.link.unlink()
    assert place.files.get(launch) is None


def test_a_script_that_an_interpreter_runs_counts_too(place: Place) -> None:
    launch = Launch(argv=(sys.executable, str(place.program)), start_s=1)
    place.files.put(launch, RESULT)
    assert place.files.get(launch) == RESULT

    place.program.write_text("#!/bin/sh\nexit\n")
    assert place.files.get(launch) is None


def test_a_module_counts_with_the_packages_it_comes_from(place: Place, tmp_path: Path) -> None:
    packages = tmp_path / "venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    interpreter = tmp_path / "venv" / "bin" / "python"
    interpreter.parent.mkdir()
    interpreter.touch()
    launch = Launch(argv=(str(interpreter), "-m", "fake_acp"), start_s=1)
    place.files.put(launch, RESULT)
    assert place.files.get(launch) == RESULT

    (packages / "fake_acp-2.dist-info").mkdir()
    assert place.files.get(launch) is None


def test_no_argument_and_no_variable_is_written_down(place: Place) -> None:
    place.files.put(place.launch("--api-key", CANARY, env={"FAKE_KEY": CANARY}), RESULT)

    [file] = place.folder.iterdir()
    assert CANARY not in file.read_text()
    assert CANARY not in file.name
    assert file.name.startswith("fake-")


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"null", b"[]", b'{"fingerprint": 1}', b"\xff", b"[" * 100_000, b'{"fingerprint":"x","verdict":{"status":"odd"}}']
)  # fmt: skip
def test_garbage_is_a_miss(place: Place, garbage: bytes) -> None:
    place.files.put(place.launch(), RESULT)
    [file] = place.folder.iterdir()
    file.write_bytes(garbage)

    assert place.files.get(place.launch()) is None


def test_a_cache_that_cannot_be_written_is_no_error(place: Place) -> None:
    place.files.put(place.launch(), msgspec.structs.replace(RESULT, detail="x" * MAX_FILE_BYTES))
    assert not place.folder.exists()
    place.files.put(Launch(argv=("/bin/\udcff\udcfe", "\0"), start_s=1), RESULT)
    assert len(list(place.folder.iterdir())) == 1


def test_half_a_character_is_cached_as_its_replacement(place: Place) -> None:
    place.files.put(place.launch(), msgspec.structs.replace(RESULT, detail="a\ud800"))
    cached = place.files.get(place.launch())
    assert cached is not None
    assert cached.detail == "a\ufffd"
    blocked = FileHandshakeCache(place.program, lambda: "")
    blocked.put(place.launch(), RESULT)
    assert blocked.get(place.launch()) is None


def test_looking_costs_little(place: Place) -> None:
    for number in range(20):
        place.files.put(place.launch(str(number)), RESULT)
    place.files.get(place.launch("0"))

    costs: list[float] = []
    for _ in range(5):
        started = time.process_time()
        assert all(place.files.get(place.launch(str(number))) == RESULT for number in range(20))
        costs.append(time.process_time() - started)

    assert min(costs) < 0.02


def test_it_needs_no_event_loop_and_no_cipher() -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from modelport.adapters.agents.handshakes.result_cache import FileHandshakeCache\n"
        "from modelport.domain.agents.observations import Launch\n"
        "assert FileHandshakeCache(Path('/nowhere'), str).get(Launch(argv=('/x',), start_s=1)) is None\n"
        "print([name for name in ('anyio', 'asyncio', 'subprocess', 'hashlib', 'tempfile') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]", done.stdout
