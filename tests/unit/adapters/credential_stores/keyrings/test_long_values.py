"""Values longer than Windows takes, over the keyring library's own code for Windows and a Credential Manager of ours."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring.backend
import keyring.backends
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyring.errors import PasswordDeleteError

from modelport.adapters.credential_stores.keyrings.long_values import (
    TAG,
    IncompleteError,
    delete_value,
    read_value,
    write_value,
)

SERVICE = "modelport"
LONG = "".join(chr(33 + n % 90) for n in range(5000))
LONGER = LONG[::-1] * 2
LIMIT_BYTES = 2560
"""Source: wincred.h, CRED_MAX_CREDENTIAL_BLOB_SIZE."""


class WindowsError(Exception):
    """The error of pywin32."""

    def __init__(self, winerror: int, funcname: str) -> None:
        super().__init__(winerror, funcname)
        self.winerror, self.funcname = winerror, funcname


class CredentialManager:
    """Windows' own, as far as the keyring library calls it; ends after ``left`` further changes, as a killed process."""

    CRED_TYPE_GENERIC = 1
    CRED_PERSIST_ENTERPRISE = 3

    def __init__(self) -> None:
        self.credentials: dict[str, dict[str, Any]] = {}
        self.left = 1_000_000

    def CredRead(self, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N802, N803
        if TargetName not in self.credentials:
            raise WindowsError(1168, "CredRead")
        return self.credentials[TargetName]

    def CredWrite(self, credential: dict[str, Any], flags: int) -> None:  # noqa: N802
        blob = credential["CredentialBlob"].encode("utf-16-le")
        if len(blob) > LIMIT_BYTES:
            raise WindowsError(1783, "CredWrite")
        self._change()
        self.credentials[credential["TargetName"]] = {**credential, "CredentialBlob": blob}

    def CredDelete(self, Type: int, TargetName: str) -> None:  # noqa: N802, N803
        if TargetName not in self.credentials:
            raise WindowsError(1168, "CredDelete")
        self._change()
        del self.credentials[TargetName]

    @property
    def users(self) -> set[str]:
        """The names of the entries; the library keeps some twice, under the service's name and under their own."""
        return {credential["UserName"] for credential in self.credentials.values()}

    def _change(self) -> None:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1


@pytest.fixture
def manager() -> CredentialManager:
    return CredentialManager()


@pytest.fixture
def windows(manager: CredentialManager, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``keyring.backends.Windows``, loaded beside the module of this system."""
    package, pywin32 = types.ModuleType("win32ctypes"), types.ModuleType("win32ctypes.pywin32")
    vars(pywin32).update(pywintypes=types.SimpleNamespace(error=WindowsError), win32cred=manager)
    vars(manager)["__name__"] = "win32cred"
    monkeypatch.setitem(sys.modules, "win32ctypes", package)
    monkeypatch.setitem(sys.modules, "win32ctypes.pywin32", pywin32)
    monkeypatch.setattr(keyring.backend.KeyringBackend, "_classes", set(keyring.backend.KeyringBackend._classes))
    spec = importlib.util.spec_from_file_location(
        "keyring.backends.WindowsOfTests", Path(keyring.backends.__file__).with_name("Windows.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WinVaultKeyring()


def test_windows_itself_takes_no_long_value(windows: Any) -> None:
    with pytest.raises(WindowsError):
        windows.set_password(SERVICE, "groq", LONG)


@pytest.mark.parametrize(
    "value", ["short", "x" * 1280, "x" * 1281, LONG, LONGER, "😀" * 1280, "a" + "😀" * 1279, "x" * 100_000]
)
def test_any_length_comes_back(windows: Any, manager: CredentialManager, value: str) -> None:
    windows.set_password("other program", "me", "theirs")
    write_value(windows, SERVICE, "openai", "another")
    write_value(windows, SERVICE, "groq", value)
    assert read_value(windows, SERVICE, "groq") == value
    assert read_value(windows, SERVICE, "openai") == "another"
    delete_value(windows, SERVICE, "groq")
    assert read_value(windows, SERVICE, "groq") is None
    delete_value(windows, SERVICE, "openai")
    assert manager.users == {"me"}, "with all its parts"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 4000) | st.none(), max_size=6))
def test_any_order_of_changes_leaves_the_last_and_no_more(
    windows: Any, manager: CredentialManager, sizes: list[int | None]
) -> None:
    manager.credentials.clear()
    value: str | None = None
    for number, size in enumerate(sizes):
        if size is None:
            value = None
            try:
                delete_value(windows, SERVICE, "groq")
            except PasswordDeleteError:
                continue
        else:
            value = f"{number}" * (size + 1)
            write_value(windows, SERVICE, "groq", value)
        assert read_value(windows, SERVICE, "groq") == value
    needed = 0 if value is None else 1 if len(value) <= 1280 else 1 + -(-len(value) // 1280)
    assert len(manager.users) == needed


@pytest.mark.parametrize("after", ["short", LONG, LONGER])
@pytest.mark.parametrize("before", [None, "old", LONG + "old"])
def test_a_process_killed_while_it_writes_leaves_the_old_value_or_the_new(
    windows: Any, manager: CredentialManager, before: str | None, after: str
) -> None:
    seen: set[str | None] = set()
    for changes in range(30):
        manager.credentials.clear()
        manager.left = 1_000_000
        if before is not None:
            write_value(windows, SERVICE, "groq", before)
        manager.left = changes
        try:
            write_value(windows, SERVICE, "groq", after)
        except KeyboardInterrupt:
            manager.left = 1_000_000
            seen.add(read_value(windows, SERVICE, "groq"))
            # The next writer leaves nothing of it behind.
            write_value(windows, SERVICE, "groq", "x")
            assert manager.users == {"groq"}
            continue
        break
    else:
        pytest.fail("it never came to its end")
    assert read_value(windows, SERVICE, "groq") == after
    assert seen <= {before, after}
    assert before in seen


def test_a_process_killed_while_it_deletes_leaves_no_key(windows: Any, manager: CredentialManager) -> None:
    for changes in range(1, 5):
        manager.left = 1_000_000
        write_value(windows, SERVICE, "groq", LONG)
        manager.left = changes
        with pytest.raises(KeyboardInterrupt):
            delete_value(windows, SERVICE, "groq")
        manager.left = 1_000_000
        assert read_value(windows, SERVICE, "groq") is None
        with pytest.raises(PasswordDeleteError):
            delete_value(windows, SERVICE, "groq")
        assert manager.credentials == {}


def test_what_is_left_of_a_value_is_no_value(windows: Any, manager: CredentialManager) -> None:
    write_value(windows, SERVICE, "groq", LONG)
    windows.delete_password(SERVICE, "groq#a1")
    with pytest.raises(IncompleteError):
        read_value(windows, SERVICE, "groq")
    write_value(windows, SERVICE, "groq", LONG)
    windows.set_password(SERVICE, "groq#b1", "x" * 1280)
    with pytest.raises(IncompleteError):
        read_value(windows, SERVICE, "groq")


@pytest.mark.parametrize(
    "head",
    ["", "{}", '{"generation":"a","parts":1000000000,"digest":""}', '{"generation":"../","parts":1,"digest":""}'],
)
def test_a_head_of_another_making_is_no_value_and_costs_nothing(windows: Any, head: str) -> None:
    windows.set_password(SERVICE, "groq", TAG + head)
    with pytest.raises(IncompleteError):
        read_value(windows, SERVICE, "groq")
