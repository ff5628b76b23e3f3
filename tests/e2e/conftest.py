"""Servers for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.forked import Commands, ForkServer
from support.server_process import ServerProcess


@pytest.fixture(scope="session", autouse=True)
def fork_server(own_machine: None) -> Iterator[None]:
    """Servers are forked from one process that has loaded them, unless a test asks for a ``fresh`` one."""
    server = ForkServer.current = ForkServer()
    yield
    ForkServer.current = None
    server.close()


@pytest.fixture(scope="module")
def fresh_servers() -> Iterator[None]:
    """Each server of the module is started, for tests of what a start does, or of what the system shows of a process."""
    forking, ForkServer.current = ForkServer.current, None
    yield
    ForkServer.current = forking


@pytest.fixture(scope="module")
def commands() -> Iterator[None]:
    """Commands of the module are forked from an interpreter of their environment, which is started once."""
    Commands.current = running = Commands()
    yield
    Commands.current = None
    running.close()


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    """A server that has been initialised, and whose every message the test must claim."""
    with ServerProcess() as running:
        running.initialize()
        yield running
        if running.process.poll() is None:
            assert running.close() == 0


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for the cases of a module that leave nothing behind in it."""
    folders = {
        name: str(tmp_path_factory.mktemp(name.lower())) for name in ("MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR")
    }
    with ServerProcess(env={**folders, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}) as running:
        running.initialize()
        yield running
        assert running.close() == 0


@pytest.fixture
def shared(module_server: ServerProcess) -> Iterator[ServerProcess]:
    """The module's server; each case must claim all its messages, and leave it alive. It ends the case's connections."""
    yield module_server
    for connection in module_server.result("provider/status")["connections"]:
        module_server.result("provider/disconnect", {"provider": connection["provider"]})
    module_server.claim("usage/updated")
    module_server.claim("status/changed")
    assert module_server.unclaimed == []
