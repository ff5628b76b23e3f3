"""The credential store: one key per provider, kept where other programs can see it, never waited for too long."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.core
import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backends import SecretService
from keyring.backends.chainer import ChainerBackend
from keyring.compat import properties
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError, PasswordSetError

from modelport.adapters.credential_stores import keyring as module
from modelport.adapters.credential_stores.client import ClientStore
from modelport.adapters.credential_stores.file import FileStore
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.adapters.credential_stores.keyrings import access
from modelport.adapters.credential_stores.keyrings.backend import backend_in_use
from modelport.adapters.credential_stores.stores import CredentialStores
from modelport.domain.errors import RequestFailed
from modelport.domain.ports import CredentialStore
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from modelport.protocol.types import CredentialStoreId
from support.builders import MemoryStore, MemoryVault, TypedPassphrase
from support.file_keyring import FileKeyring, LockedKeyring, WinVaultKeyring

KEY = "gsk_stored-0123456789abcdef"
HOSTILE = ["a", "naïve 東京 😀", '"quotes" and \\ backslash', "{not json", '{"secret":"inner"}', "null", "5", "x" * 4000, "tab\there", "\x7f"]  # fmt: skip


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that a keyring of our own keeps its entries in; that keyring is in use."""
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    monkeypatch.setattr(module, "RECHECK_INTERVAL_S", 0.0)
    yield from using(FileKeyring())


def using(backend: Any) -> Iterator[Any]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield Path(os.environ.get("TEST_KEYRING_FILE", os.devnull))
    keyring.set_keyring(before)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keyring-providers.json"


class Into(CredentialStores):
    """Stores everything in one of the stores."""

    def __init__(self, *parts: Any, into: CredentialStoreId) -> None:
        super().__init__(*parts)
        self._into: CredentialStoreId = into

    async def set(self, provider: str, key: StoredKey, store: CredentialStoreId | None = None) -> None:
        await super().set(provider, key, store or self._into)


@pytest.fixture(params=["keyring", "windows", "chainer", "client", "file", "encrypted file", "memory"])
def store(
    request: pytest.FixtureRequest, entries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CredentialStore]:
    kind = request.param
    if kind == "memory":
        yield MemoryStore()
        return
    backend: Any = FileKeyring()
    if kind == "windows":
        backend = WinVaultKeyring()
    elif kind == "chainer":
        monkeypatch.setattr(ChainerBackend, "backends", [FileKeyring(), keyring.backends.null.Keyring()])
        backend = ChainerBackend()
    elif kind in ("client", "file", "encrypted file"):
        backend = keyring.backends.fail.Keyring()
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    client = ClientStore(tmp_path / "data")
    client.attach(MemoryVault() if kind == "client" else None)
    file = FileStore(
        tmp_path / "config" / "private" / "credentials.json",
        TypedPassphrase("correct horse" if kind == "encrypted file" else None),
    )
    into = "file" if kind.endswith("file") else "client" if kind == "client" else "keyring"
    for _ in using(backend):
        yield Into(KeyringStore(tmp_path / "data" / "index.json"), client, file, into=into)


async def state_of(store: KeyringStore, *, prompting: bool = True) -> None:
    """Raises what the status of a store says, where it cannot be used."""
    status = await store.status(prompting=prompting)
    if status.state != "available":
        raise RequestFailed("keyring_unavailable", status.detail, action=status.action)


def key(secret: str = KEY, base_url: str | None = None) -> StoredKey:
    return StoredKey(Secret(secret), base_url)


# What every store does.


async def test_a_key_is_kept_replaced_and_forgotten(store: CredentialStore) -> None:
    assert await store.get("groq") is None
    await store.set("groq", key())
    await store.set("openai", key("other", "https://mine.example"))
    assert await store.get("groq") == key()
    assert await store.get("openai") == key("other", "https://mine.example")
    assert set(await store.providers()) == {"groq", "openai"}
    await store.set("groq", key("new"))
    assert await store.get("groq") == key("new")
    assert await store.delete("groq") is True
    assert await store.get("groq") is None
    assert list(await store.providers()) == ["openai"]


async def test_further_keys_are_kept_in_their_order(store: CredentialStore) -> None:
    several = StoredKey(Secret(KEY), "https://acme.example", (Secret("second"), Secret("third")))
    await store.set("groq", several)
    assert await store.get("groq") == several
    await store.set("groq", key())
    assert await store.get("groq") == key()


async def test_forgetting_what_is_not_there_is_no_error(store: CredentialStore) -> None:
    await store.set("openai", key())
    assert await store.delete("groq") is False


async def test_an_address_that_is_taken_off_a_key_is_gone(store: CredentialStore) -> None:
    await store.set("groq", key(base_url="https://mine.example"))
    await store.set("groq", key())
    stored = await store.get("groq")
    assert stored is not None
    assert stored.base_url is None


@pytest.mark.parametrize("secret", HOSTILE)
async def test_any_character_survives(store: CredentialStore, secret: str) -> None:
    await store.set("groq", key(secret, "https://mine.example/naïve"))
    assert await store.get("groq") == key(secret, "https://mine.example/naïve")


async def test_the_location_names_the_provider_and_the_store_has_a_name(store: CredentialStore) -> None:
    assert store.location("groq")
    await store.set("groq", key())
    assert store.source("groq") in ("keyring", "client", "file")
    assert "available" in [status.state for status in await store.statuses() if status.id == store.source("groq")]


# What the keyring adds.


@pytest.fixture
def kept(entries: Path, index: Path) -> KeyringStore:
    return KeyringStore(index)


def put(path: Path, value: Any) -> None:
    """Writes a JSON file behind the store's back."""
    path.write_text(json.dumps(value))


def got(path: Path) -> Any:
    return json.loads(path.read_text())


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
async def test_any_text_survives_the_keyring(tmp_path_factory: pytest.TempPathFactory, secret: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEYRING_FILE", str(folder / "keyring.json"))
        backend = using(FileKeyring())
        next(backend)
        await KeyringStore(folder / "index.json").set("groq", key(secret))
        assert await KeyringStore(folder / "index.json").get("groq") == key(secret)
        next(backend, None)


async def test_a_key_outlives_the_store(entries: Path, index: Path) -> None:
    await KeyringStore(index).set("groq", key(base_url="https://mine.example"))
    later = KeyringStore(index)
    assert await later.get("groq") == key(base_url="https://mine.example")
    assert list(await later.providers()) == ["groq"]


async def test_the_index_holds_names_only(kept: KeyringStore, index: Path) -> None:
    await kept.set("openai", key())
    await kept.set("groq", key())
    assert got(index) == ["groq", "openai"]


@pytest.mark.parametrize("lose", [lambda index: index.unlink(), lambda index: index.write_text("[{broken")])
async def test_an_index_that_is_lost_or_broken_loses_no_key(kept: KeyringStore, index: Path, lose: Any) -> None:
    await kept.set("groq", key())
    lose(index)
    again = KeyringStore(index)
    assert list(await again.providers()) == []
    assert await again.get("groq") == key()
    await again.set("openai", key())
    assert await again.delete("groq")
    assert list(await again.providers()) == ["openai"]


async def test_a_folder_that_cannot_be_written_makes_no_stored_key_look_lost(entries: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    store = KeyringStore(tmp_path / "data" / "index.json")
    await store.set("groq", key())
    assert await store.get("groq") == key()
    assert await store.delete("groq")


@pytest.mark.parametrize(
    "raw", ["sk-plain-0123456789", "5", "{}", "[1]", '{"password": "x"}', '"quoted"', "null", "{cut"]
)
async def test_a_key_that_another_program_put_there_is_taken_as_it_is(
    kept: KeyringStore, entries: Path, raw: str
) -> None:
    put(entries, {"modelport/groq": raw})
    assert await kept.get("groq") == key(raw)


async def test_an_empty_entry_is_no_key(kept: KeyringStore, entries: Path) -> None:
    put(entries, {"modelport/groq": ""})
    assert await kept.get("groq") is None


async def test_a_key_is_read_once_and_not_at_every_call(kept: KeyringStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = FileKeyring.get_password
    monkeypatch.setattr(FileKeyring, "get_password", lambda self, s, u: (reads.append(u), read(self, s, u))[1])
    await kept.set("groq", key())
    reads.clear()
    for _ in range(5):
        assert await kept.get("groq") == key()
        assert await kept.get("openai") is None
    assert reads == ["groq", "openai"]


OTHER = """
import sys, anyio
from pathlib import Path
from modelport.adapters.credential_stores.keyring import KeyringStore
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
store = KeyringStore(Path(sys.argv[1]))
anyio.run(store.delete, "groq") if len(sys.argv) == 2 else anyio.run(store.set, "groq", StoredKey(Secret(sys.argv[2])))
"""


async def test_what_another_process_changes_is_noticed(
    kept: KeyringStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.file_keyring.FileKeyring")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)

    def elsewhere(*arguments: str) -> None:
        subprocess.run([sys.executable, "-c", OTHER, str(index), *arguments], check=True)

    assert await kept.get("groq") is None
    elsewhere("first-0123456789")
    assert await kept.get("groq") == key("first-0123456789")
    assert list(await kept.providers()) == ["groq"]
    elsewhere("second-0123456789")
    assert await kept.get("groq") == key("second-0123456789")
    elsewhere()
    assert await kept.get("groq") is None
    assert list(await kept.providers()) == []


async def test_it_looks_for_changes_now_and_then_and_not_at_every_call(
    kept: KeyringStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_INTERVAL_S", 3600.0)
    assert list(await kept.providers()) == []
    await KeyringStore(index).set("groq", key())
    assert list(await kept.providers()) == []
    # Its own changes count at once.
    await kept.set("openai", key())
    assert list(await kept.providers()) == ["groq", "openai"]


# Keyrings in trouble.


class Refusing(FileKeyring):
    """Fails in a way of its own with every access."""

    error: Exception = KeyringError("the backend refused")

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    set_password = get_password  # type: ignore[assignment]
    delete_password = get_password  # type: ignore[assignment]


async def test_without_a_keyring_there_is_no_key_and_none_can_be_kept(
    entries: Path, kept: KeyringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for _ in using(keyring.backends.fail.Keyring()):
        assert await kept.get("groq") is None
        for request in (lambda: kept.set("groq", key()), lambda: kept.delete("groq"), lambda: state_of(kept)):
            with pytest.raises(RequestFailed, match="environment variable") as failed:
                await request()
            assert failed.value.kind == "keyring_unavailable"


class Late(FileKeyring):
    """A keyring that starts after the program that uses it."""

    running = False

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805  it is one of the class
        if not cls.running:
            raise RuntimeError("It is not running.")
        return 100


@pytest.mark.parametrize("unlock", [True, False])
async def test_a_keyring_that_starts_later_is_found(
    entries: Path, index: Path, unlock: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr(keyring.core, "load_config", lambda: None)
    monkeypatch.setattr(keyring.backend.KeyringBackend, "_classes", {Late, keyring.backends.fail.Keyring})
    vars(keyring.backend.get_all_keyring).pop("saved_result", None)
    for _ in using(keyring.backends.fail.Keyring()):
        store = KeyringStore(index)
        put(entries, {"modelport/groq": KEY})
        assert await store.get("groq", unlock=unlock) is None
        with pytest.raises(RequestFailed, match="no keyring"):
            await state_of(store)
        monkeypatch.setattr(Late, "running", True)
        assert await store.get("groq", unlock=unlock) == key()
        assert (await store.status(prompting=unlock)).name == Late.name
    vars(keyring.backend.get_all_keyring).pop("saved_result", None)


class LateSecretService(SecretService.Keyring):
    """A Secret Service that starts after the program that uses it."""

    running = False

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805  it is one of the class
        if not cls.running:
            raise RuntimeError("It is not running.")
        return 5

    def get_password(self, service: str, username: str) -> str | None:
        return KEY


class Makeshift(FileKeyring):
    """A file that the library takes where there is nothing better."""

    priority = 0.5  # type: ignore[assignment]


@pytest.mark.parametrize("chained", [False, True])
async def test_a_secret_service_that_starts_later_takes_the_place_of_a_makeshift(
    entries: Path, chained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr(keyring.core, "load_config", lambda: None)
    monkeypatch.setattr(SecretService, "Keyring", LateSecretService)
    also = {FileKeyring, ChainerBackend} if chained else set[type]()
    monkeypatch.setattr(keyring.backend.KeyringBackend, "_classes", {LateSecretService, Makeshift, *also})
    vars(keyring.backend.get_all_keyring).pop("saved_result", None)
    for _ in using(keyring.core._detect_backend()):
        assert access.name_of(backend_in_use()) == ("chainer ChainerBackend" if chained else Makeshift.name)
        assert backend_in_use().get_password("modelport", "groq") is None
        monkeypatch.setattr(LateSecretService, "running", True)
        assert backend_in_use().get_password("modelport", "groq") == KEY
    vars(keyring.backend.get_all_keyring).pop("saved_result", None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense.Backend", 'keyring "nonsense.Backend" that PYTHON_KEYRING_BACKEND names cannot be used'),
        ("nonsense", "cannot be used"),
        ("keyring.backends.Nonsense", "cannot be used"),
        ("os.path", "cannot be used"),
        ("", "PYTHON_KEYRING_BACKEND is set and names no keyring"),
        (" ", "PYTHON_KEYRING_BACKEND is set and names no keyring"),
        (None, "keyringrc.cfg"),
    ],
)
async def test_a_keyring_that_is_named_and_not_there_is_explained(
    entries: Path, kept: KeyringStore, name: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name is None:
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
        monkeypatch.setattr(keyring.core, "load_config", lambda: keyring.core.load_keyring("nonsense.Backend"))
    else:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    for request in (
        lambda: kept.get("groq"),
        lambda: kept.get("groq", unlock=False),
        lambda: kept.set("groq", key()),
        lambda: kept.delete("groq"),
        lambda: state_of(kept, prompting=False),
        lambda: state_of(kept),
    ):
        with pytest.raises(RequestFailed, match="environment variable") as failed:
            await request()
        assert words in failed.value.message
        assert failed.value.message.count(". ") == 0
        assert (failed.value.kind, bool(failed.value.action)) == ("keyring_unavailable", True)


class Forgetful(FileKeyring):
    """Takes a key and gives an older one back."""

    name = "forgetful"

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, "older")


@pytest.mark.parametrize("backend", [keyring.backends.null.Keyring(), Forgetful()])
async def test_a_keyring_that_does_not_give_a_key_back_fails_when_one_is_stored(
    entries: Path, kept: KeyringStore, backend: Any
) -> None:
    for _ in using(backend):
        with pytest.raises(RequestFailed, match=r"keeps nothing.*environment variable.*api_key_command") as failed:
            await kept.set("groq", key())
        assert (failed.value.kind, failed.value.retryable) == ("keyring_unavailable", False)
        assert KEY not in str(failed.value)
        assert backend.name in failed.value.message
        assert list(await kept.providers()) == []


async def test_the_null_keyring_is_described_as_a_failure_and_holds_no_key(entries: Path, kept: KeyringStore) -> None:
    for _ in using(keyring.backends.null.Keyring()):
        assert await kept.get("groq") is None
        with pytest.raises(RequestFailed, match="keeps nothing") as failed:
            await state_of(kept)
        assert failed.value.kind == "keyring_unavailable"


async def test_a_locked_keyring_says_so(entries: Path, kept: KeyringStore) -> None:
    for _ in using(LockedKeyring()):
        for request in (
            lambda: kept.get("groq"),
            lambda: kept.set("groq", key()),
            lambda: kept.delete("groq"),
            lambda: state_of(kept),
        ):
            with pytest.raises(RequestFailed, match="unlock") as failed:
                await request()
            assert (failed.value.kind, failed.value.action) == ("keyring_unavailable", "unlock the keyring")


class LockedSecretService(SecretService.Keyring):
    """A Secret Service whose collection is locked: reading a key would open a prompt."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.prompts = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.prompts += 1
        return KEY


async def test_a_locked_keyring_is_opened_only_where_that_is_wanted(
    entries: Path, kept: KeyringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "is_locked", lambda _: True)
    backend = LockedSecretService()
    for _ in using(backend):
        with pytest.raises(RequestFailed, match="it is locked") as failed:
            await kept.get("groq", unlock=False)
        assert (failed.value.kind, backend.prompts) == ("keyring_unavailable", 0)
        assert await kept.get("groq") == key()
        assert backend.prompts == 1


@pytest.mark.parametrize(
    "error",
    [KeyringError("no"), KeyringError(), KeyringLocked("no"), PasswordSetError("no"), OSError("bus"), ValueError("odd"), RuntimeError("D-Bus")],
)  # fmt: skip
async def test_whatever_a_backend_raises_is_a_failure_without_the_key(
    entries: Path, kept: KeyringStore, error: Exception
) -> None:
    backend = Refusing()
    backend.error = error
    for _ in using(backend):
        with pytest.raises(RequestFailed) as failed:
            await kept.set("groq", key())
        assert KEY not in failed.value.message
        with pytest.raises(RequestFailed):
            await kept.get("groq")


async def test_a_key_that_another_program_deleted_is_gone_and_off_the_list(entries: Path, kept: KeyringStore) -> None:
    await kept.set("groq", key())
    put(entries, {})
    assert await kept.delete("groq") is False
    assert list(await kept.providers()) == []


class Hanging(FileKeyring):
    """A keyring that waits to be unlocked, until it is released; counts the waiting calls."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.waiting = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.waiting += 1
        self.released.wait(10)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.waiting += 1
        self.released.wait(10)


@pytest.fixture
def hanging(entries: Path) -> Iterator[Hanging]:
    backend = Hanging()
    for _ in using(backend):
        yield backend
        backend.released.set()


async def test_a_keyring_that_hangs_is_given_up_in_time(hanging: Hanging, index: Path) -> None:
    store = KeyringStore(index, timeout_s=0.05)
    with anyio.fail_after(5):
        for request in (lambda: store.get("groq"), lambda: store.set("groq", key())):
            with pytest.raises(RequestFailed, match="unlock") as failed:
                await request()
            assert failed.value.kind == "keyring_unavailable"


async def test_while_it_hangs_the_event_loop_goes_on_and_waiting_can_be_cancelled(
    hanging: Hanging, index: Path
) -> None:
    store = KeyringStore(index)
    ticks = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.get, "groq")
        with anyio.fail_after(5):
            while not hanging.waiting or ticks < 100:
                ticks += 1
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert ticks >= 100


async def test_a_keyring_that_hangs_for_good_does_not_use_up_the_threads(hanging: Hanging, index: Path) -> None:
    store = KeyringStore(index, timeout_s=0.01)
    began = time.monotonic()
    for n in range(30):
        with pytest.raises(RequestFailed):
            await store.get(f"provider{n}")
    assert hanging.waiting <= module.MAX_HANGING_THREADS
    assert time.monotonic() - began < 5


async def test_a_keyring_that_is_unlocked_at_last_is_used_again(hanging: Hanging, index: Path, entries: Path) -> None:
    put(entries, {"modelport/groq": KEY})
    store = KeyringStore(index, timeout_s=0.01)
    for _ in range(5):
        with pytest.raises(RequestFailed):
            await store.get("groq")
    hanging.released.set()
    with anyio.fail_after(5):
        while True:
            try:
                stored = await store.get("groq")
                break
            except RequestFailed:
                await anyio.sleep(0.001)
    assert stored == key()


async def test_nothing_blocks_the_event_loop(kept: KeyringStore) -> None:
    with blockbuster_ctx("modelport"):
        await kept.set("groq", key())
        await kept.get("groq")
        await kept.providers()
        await kept.status(prompting=True)
        await kept.delete("groq")


def test_the_stand_in_of_the_tests_fails_as_a_real_backend_does(entries: Path) -> None:
    with pytest.raises(PasswordDeleteError):
        keyring.delete_password("modelport", "unknown")
    assert keyring.backends.null.Keyring().get_password("a", "b") is None


# Keys that other programs change.


@pytest.fixture
def promptless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring in the file can be read at any time without that anybody is asked."""
    monkeypatch.setattr(access, "NO_PROMPT", frozenset({"FileKeyring", "Hanging"}))


@pytest.mark.usefixtures("promptless")
async def test_a_key_that_another_program_changes_counts(kept: KeyringStore, entries: Path) -> None:
    await kept.set("groq", key())
    assert await kept.get("groq") == key()
    for raw in ("second", "third"):
        put(entries, {"modelport/groq": raw})
        assert await kept.get("groq", unlock=False) == key(raw)
    put(entries, {})
    assert await kept.get("groq") is None
    put(entries, {"modelport/groq": "fourth"})
    assert await kept.get("groq") == key("fourth")


@pytest.mark.usefixtures("promptless")
async def test_a_key_in_use_outlives_a_keyring_that_fails(kept: KeyringStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept.set("groq", key())
    assert await kept.get("groq") == key()
    monkeypatch.setattr(FileKeyring, "get_password", LockedKeyring.get_password)
    assert await kept.get("groq") == key()
    for _ in using(keyring.backends.fail.Keyring()):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        assert await kept.get("groq") == key()


@pytest.mark.usefixtures("promptless")
async def test_a_key_in_use_does_not_wait_for_a_keyring_that_hangs(
    hanging: Hanging, index: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REREAD_TIMEOUT_S", 0.02)
    put(entries, {"modelport/groq": KEY})
    hanging.released.set()
    store = KeyringStore(index)
    assert await store.get("groq") == key()
    hanging.released.clear()
    with anyio.fail_after(5):
        for _ in range(10):
            assert await store.get("groq") == key()


async def test_a_refused_key_is_read_again_once_also_where_that_may_ask_its_owner(
    kept: KeyringStore, entries: Path
) -> None:
    await kept.set("groq", key())
    assert await kept.get("groq") == key()
    put(entries, {"modelport/groq": "second"})
    assert await kept.get("groq") == key(), "macOS asks at each reading"
    kept.invalidate("groq")
    assert await kept.get("groq") == key("second")
    put(entries, {"modelport/groq": "third"})
    assert await kept.get("groq") == key("second")


async def test_a_value_longer_than_windows_takes_is_stored_and_found(entries: Path, index: Path) -> None:
    long = StoredKey(Secret("gsk_" + "x" * 5000), "https://mine.example", (Secret("y" * 2000),))
    for _ in using(WinVaultKeyring()):
        with pytest.raises(OSError, match="CredWrite"):
            WinVaultKeyring().set_password("modelport", "groq", "x" * 1281)
        await KeyringStore(index).set("groq", long)
        assert await KeyringStore(index).get("groq") == long
        # Half of it is no key, and says so.
        put(entries, {name: text for name, text in got(entries).items() if not name.endswith("#a1")})
        with pytest.raises(RequestFailed, match="incomplete"):
            await KeyringStore(index).get("groq")
        assert await KeyringStore(index).delete("groq")
        assert got(entries) == {}
