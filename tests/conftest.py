"""What all tests share."""

from __future__ import annotations

import gc
import itertools
import json
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

FOLDERS = {"MODELPORT_DATA_DIR": "data", "MODELPORT_CONFIG_DIR": "config", "XDG_RUNTIME_DIR": "runtime"}


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C works in what tests start, also where a shell runs them in the background and has them ignore it.

    Where CI=true, other model servers and agents of the same user run all the time: a test that sees them fails.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    first_process = not hasattr(config, "workerinput")
    if first_process and os.name == "posix" and os.environ.get("CI") == "true":
        from support.decoys import DECOYS, Decoys

        decoys = Decoys(usual=True)
        config.add_cleanup(decoys.close)
        os.environ[DECOYS] = json.dumps(decoys.listing)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collects without garbage collection, and takes what was collected out of it.

    Thousands of tests and all that they import stay until the end; looking through them again and again takes as long as
    collecting them does, and then much of each full collection, of which some tests ask for one.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        # From 3.14 on hypothesis would take its frozen random generator for one that nothing refers to.
        if sys.version_info < (3, 14):
            gc.freeze()
        gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores, since tests wait a fifth of their time, and four at most."""
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.fixture(scope="session", autouse=True)
def own_machine() -> Iterator[None]:
    """What is found on this machine is what this process has started; fixtures of any scope see no key from outside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELPORT_PROCESS_TREE", str(os.getpid()))
        # A server or command that runs in this process would freeze what its tests have made, see pytest_collection.
        patch.setattr(gc, "freeze", lambda: None)
        _forget_keys(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_announcement_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No server of a test is announced to the programs of whoever runs them, whatever fixture starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture(autouse=True)
def ctrl_c_and_keyring_as_before() -> Iterator[None]:
    """What a command changes in its process, which in a test is that of all tests: its Ctrl-C, and its keyring."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if signal.getsignal(signal.SIGINT) is not handler:
        signal.signal(signal.SIGINT, handler)
    if (core := sys.modules.get("keyring.core")) is not None:
        from keyring.backends import null

        # And not none at all: a thread that is left of the test would choose among the backends of all tests.
        core.set_keyring(null.Keyring())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders, one for each test: pytest's own reads all that are there to number the next."""
    parent = tmp_path_factory.mktemp("homes")
    return (parent / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def no_keys_from_outside(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path]) -> None:
    """Tests see no key, address or folder of whoever runs them, and no keyring unless they ask for one."""
    _forget_keys(monkeypatch)
    home = next(homes)
    home.mkdir()
    for variable, name in FOLDERS.items():
        folder = home / name
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def _forget_keys(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL", "_API_BASE", "_HOST", "_PROXY", "_proxy")):
            patch.delenv(name)
