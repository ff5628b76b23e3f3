"""What is left in a real Secret Service when Modelport's keys are deleted: nothing of ours, and all of the others."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import secretstorage
from keyring.backends.SecretService import Keyring

from editors.secret_service import SecretService
from support.server_process import ServerProcess

pytestmark = [pytest.mark.editors, pytest.mark.timeout(60, func_only=True)]
KEY = "gsk_canary0123456789abcdefXYZ9"
ENTRIES = (("groq",), ("groq", "--name", "work"), ("openai", "--name", "work"), ("acme",))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('[providers.acme]\nbase_url = "http://localhost:1/v1"\n')
    running = SecretService(tmp_path, monkeypatch)
    yield running
    running.stop()


@pytest.fixture
def stored(service: SecretService) -> None:
    """Keys of Modelport's, of a provider that is no more among them, and one of another program."""
    for arguments in ENTRIES:
        done = keys("set", *arguments, stdin="sk-canary0123456789" if arguments[0] == "openai" else KEY)
        assert done.returncode == 0, done.stderr
    Keyring().set_password("another program", "groq", "not ours")
    assert entries() == {"modelport": {"groq", "groq/work", "openai/work", "acme"}, "another program": {"groq"}}


def keys(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "modelport", "keys", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def entries() -> dict[str, set[str]]:
    """The names of all entries in all collections, by service: read from the service itself, not through Modelport."""
    found: dict[str, set[str]] = {}
    with contextlib.closing(secretstorage.dbus_init()) as bus:
        for collection in secretstorage.get_all_collections(bus):
            for item in collection.get_all_items():
                attributes = item.get_attributes()
                found.setdefault(attributes.get("service", item.get_label()), set()).add(attributes.get("username", ""))
    return found


@pytest.mark.usefixtures("stored")
def test_all_leaves_no_entry_and_no_key_in_the_keyrings_files(service: SecretService, tmp_path: Path) -> None:
    (tmp_path / "config" / "config.toml").unlink()
    done = keys("delete", "--all", "--yes")
    assert done.returncode == 0, done.stderr
    assert "acme" in done.stdout, "a provider that is no more"
    assert entries() == {"another program": {"groq"}}
    assert json.loads((tmp_path / "data" / "keyring-providers.json").read_text()) == []
    service.stop()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("keyrings" in str(path) for path in files), "there is something to look through"
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.usefixtures("stored")
def test_everywhere_leaves_the_keys_of_other_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    done = keys("delete", "groq", "--everywhere")
    assert done.returncode == 0, done.stderr
    assert "GROQ_API_KEY in the environment still holds one" in done.stdout
    assert entries() == {"modelport": {"openai/work", "acme"}, "another program": {"groq"}}


@pytest.mark.usefixtures("stored")
def test_a_running_editor_sends_no_key_that_was_deleted() -> None:
    with ServerProcess() as server:
        server.initialize()
        assert len(server.result("credential/list")["credentials"]) == len(ENTRIES)
        done = keys("delete", "--all", "--yes")
        assert done.returncode == 0, done.stderr
        for _ in range(200):
            if not server.result("credential/list")["credentials"]:
                break
        assert server.result("credential/list")["credentials"] == []
        error = server.error("completion/create", {"prompt": "hi", "model": "groq/m"})
        assert error["data"]["kind"] == "auth_required"
        assert server.close() == 0


@pytest.mark.usefixtures("stored")
def test_the_keys_of_providers_are_deleted_where_the_list_of_entries_was_lost(tmp_path: Path) -> None:
    (tmp_path / "data" / "keyring-providers.json").unlink()
    assert keys("delete", "--all", "--yes").returncode == 0
    assert {"groq", "acme"}.isdisjoint(entries().get("modelport", set()))


@pytest.mark.usefixtures("stored")
def test_a_keyring_that_stays_locked_loses_nothing_and_says_so(service: SecretService) -> None:
    service.lock()
    done = keys("delete", "--all", "--yes")
    assert done.returncode == 1
    assert "keyring" in done.stderr
    assert "Traceback" not in done.stderr
    service.unlock()
    assert len(entries()["modelport"]) == len(ENTRIES)
