"""What all tests share."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest


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


@pytest.fixture(scope="session", autouse=True)
def own_machine() -> Iterator[None]:
    """What is found on this machine is what this process has started; fixtures of any scope see no key from outside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELPORT_PROCESS_TREE", str(os.getpid()))
        _forget_keys(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_announcement_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No server of a test is announced to the programs of whoever runs them, whatever fixture starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_keys_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see no key, address or folder of whoever runs them, and no keyring unless they ask for one."""
    _forget_keys(monkeypatch)
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def _forget_keys(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL", "_API_BASE", "_HOST", "_PROXY", "_proxy")):
            patch.delenv(name)
