"""What all tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_keys_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see no key, address or folder of whoever runs them, and no keyring unless they ask for one."""
    import os

    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL", "_API_BASE", "_HOST", "_PROXY", "_proxy")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
