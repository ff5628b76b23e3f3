"""Which modules are loaded when: the first reply waits for none that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.server_process import ServerProcess, frame

HEAVY = ("openai", "anthropic", "pydantic", "httpx2", "botocore", "keyring", "rich", "pygls", "lsprotocol", "click")


def loaded_modules(*messages: object) -> set[str]:
    """The modules a server has imported after these messages, as the interpreter itself reports them."""
    hello = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    done = run_timed("serve", hello + b"".join(map(frame, messages)))
    assert b'"id":1,"result"' in done.stdout
    return imported(done)


def modules_of(command: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    return imported(run_timed(command, b""))


def run_timed(command: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    """A command that reports its imports, when it has ended."""
    line = [sys.executable, "-X", "importtime", "-m", "modelport", command]
    return subprocess.run(line, input=given, capture_output=True, timeout=15, check=False)


def imported(done: subprocess.CompletedProcess[bytes]) -> set[str]:
    """The modules in the interpreter's report of imports."""
    return {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines() if "import time" in line}


def test_nothing_heavy_is_loaded_after_initialize() -> None:
    roots = {name.partition(".")[0] for name in loaded_modules()}
    assert "modelport" in roots
    assert not roots & {*HEAVY, "httptools"}


def test_the_mock_needs_no_client_library() -> None:
    ask = {"jsonrpc": "2.0", "id": 2, "method": "completion/create", "params": {"model": "mock/mock", "prompt": "x"}}
    modules = loaded_modules(ask)
    roots = {name.partition(".")[0] for name in modules}
    assert "sqlite3" in roots
    assert not roots & {*HEAVY, "httptools"}
    # The shipped rows are read without the parser of their source, and without what looks for files in archives.
    assert not modules & {"tomllib", "tempfile", "importlib.resources"}


def test_looking_for_servers_needs_no_client_library() -> None:
    ask = {"jsonrpc": "2.0", "id": 2, "method": "provider/discover", "params": {"ports": [9], "timeoutMs": 10_000}}
    modules = loaded_modules(ask)
    assert "modelport.engine.local.servers" in modules
    assert not {name.partition(".")[0] for name in modules} & set(HEAVY)
    assert "modelport.engine.local.servers" not in loaded_modules()


def test_the_first_reply_needs_no_event_loop() -> None:
    """Everything imported before the reply is written, in a server that gets no other request."""
    code = (
        "import sys, os\n"
        "import modelport.frontends.lsp.first_reply as first\n"
        "original = first._write_all\n"
        "def spy(stdio, data):\n"
        "    sys.stderr.write('LOADED ' + ' '.join(sorted(sys.modules)) + '\\n')\n"
        "    original(stdio, data)\n"
        "first._write_all = spy\n"
        "from modelport.frontends.lsp.serve import serve; sys.exit(serve([]))"
    )
    with ServerProcess(command=(sys.executable, "-c", code), arguments=()) as server:
        server.initialize()
        assert server.close() == 0
        server._errors.join(5)
        line = next(line for line in server.stderr.splitlines() if line.startswith("LOADED"))
        assert not {"asyncio", "anyio", "msgspec", "logging", "ssl", "socket"} & set(line.split())


def test_the_engine_is_loaded_without_garbage_collection_and_runs_with_it() -> None:
    code = (
        "import gc, sys\n"
        "passes = []\n"
        "gc.callbacks.append(lambda phase, details: passes.append(phase))\n"
        "from modelport.frontends.lsp import session\n"
        "load = session.Session._load\n"
        "def spy(self):\n"
        "    before = len(passes)\n"
        "    app = load(self)\n"
        "    sys.stderr.write(f'LOADED {len(passes) - before} {gc.isenabled()} {gc.get_freeze_count() > 10_000}\\n')\n"
        "    return app\n"
        "session.Session._load = spy\n"
        "from modelport.frontends.lsp.serve import serve; sys.exit(serve([]))"
    )
    with ServerProcess(command=(sys.executable, "-c", code), arguments=()) as server:
        server.initialize()
        server.request("provider/status")
        assert server.close() == 0
        server._errors.join(5)
        assert next(line for line in server.stderr.splitlines() if line.startswith("LOADED")) == "LOADED 0 True True"


@pytest.mark.parametrize("command", ["usage", "providers"])
def test_a_command_that_only_reads_loads_nothing_that_sends(command: str) -> None:
    modules = modules_of(command)
    assert "modelport.app.session" in modules
    unneeded = {"modelport.adapters.http.pool", "modelport.engine.completions.create", "zoneinfo", "difflib", "csv"}
    assert not modules & unneeded
    assert not {name.partition(".")[0] for name in modules} & ({*HEAVY} - {"click"})


def test_version_is_the_packages() -> None:
    from importlib.metadata import version

    with ServerProcess() as server:
        assert server.initialize()["serverInfo"] == {"name": "modelport", "version": version("modelport")}
        assert server.close() == 0


def test_listing_agents_needs_no_event_loop_no_network_and_no_engine() -> None:
    modules = modules_of("discover-agents")
    roots = {name.partition(".")[0] for name in modules}
    assert "modelport.engine.agents.file_level" in modules
    assert not roots & {*HEAVY, "anyio", "asyncio", "ssl", "socket", "subprocess", "concurrent", "sqlite3", "logging"}
    assert not {
        name
        for name in modules
        if name.startswith(
            ("modelport.app.core", "modelport.app.session", "modelport.engine.completions", "modelport.frontends.lsp")
        )
    }
