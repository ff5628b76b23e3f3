"""Keys in a file: the user's alone, whole, encrypted where there is a passphrase, and used by nobody who should not."""

# ruff: noqa: ASYNC220, ASYNC240  the loop has nothing else to do
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.adapters.credential_stores import file as module
from modelport.adapters.credential_stores.file import FileStore
from modelport.adapters.credential_stores.unusable import Unusable
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret
from support.builders import TypedPassphrase

KEY = "gsk_canary-0123456789abcdef"
OTHER = "gsk_second-0123456789abcdef"
PHRASE = "correct horse battery staple"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the modes of files are those of POSIX")


def key(secret: str = KEY) -> StoredKey:
    return StoredKey(Secret(secret), "https://mine.example", (Secret("more"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "private" / "credentials.json"


@pytest.fixture(autouse=True)
def looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AGE_S", 0.0)


def store(path: Path, text: str | None = None) -> FileStore:
    return FileStore(path, TypedPassphrase(text))


async def refused(*requests: Callable[[], Awaitable[object]]) -> Unusable:
    """The error of requests, which is the same for all."""
    errors: list[Unusable] = []
    for request in requests:
        with pytest.raises(Unusable) as failed:
            await request()
        errors.append(failed.value)
    assert len({error.message for error in errors}) == 1
    return errors[0]


async def test_nothing_is_written_until_a_key_is_stored(path: Path) -> None:
    empty = store(path)
    assert await empty.get("groq") is None
    assert list(await empty.providers()) == []
    assert await empty.delete("groq") is False
    status = await empty.status()
    assert (status.state, status.action) == ("disabled", None)
    assert not path.parent.parent.exists()


async def test_the_file_and_its_folder_are_the_users_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        await store(path).set("groq", key())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(found.name for found in path.parent.iterdir()) == ["credentials.json", "credentials.lock"]
    assert await store(path).get("groq") == key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666, 0o677])
async def test_a_file_that_others_can_open_is_not_used_and_says_how_to_close_it(path: Path, mode: int) -> None:
    owner = store(path)
    await owner.set("groq", key())
    path.chmod(mode)
    error = await refused(
        lambda: owner.get("groq"), lambda: owner.set("groq", key(OTHER)), lambda: owner.delete("groq")
    )
    assert (error.state, error.action) == ("unavailable", f"chmod 600 {path}")
    assert error.action in error.message
    assert list(await owner.providers()) == []
    status = await owner.status()
    assert (status.state, status.action) == ("unavailable", error.action)
    path.chmod(0o600)
    assert await owner.get("groq") == key()


async def test_a_folder_that_others_can_open_is_not_used(path: Path) -> None:
    owner = store(path)
    await owner.set("groq", key())
    path.parent.chmod(0o755)
    error = await refused(lambda: owner.get("groq"))
    assert error.action == f"chmod 700 {path.parent}"


async def test_another_users_file_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = store(path)
    await owner.set("groq", key())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    error = await refused(lambda: owner.get("groq"), lambda: owner.set("groq", key()))
    assert "another user" in error.message


async def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    owner = store(path)
    await owner.set("groq", key())
    target = tmp_path / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    await refused(lambda: owner.get("groq"), lambda: owner.set("groq", key(OTHER)))
    assert OTHER not in target.read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"entries": [1]}', '{"entries": {}, "later": 1}', "\xff"])
async def test_a_broken_file_is_reported_and_not_overwritten(path: Path, text: str) -> None:
    owner = store(path)
    await owner.set("groq", key())
    path.write_text(text, encoding="latin-1")
    error = await refused(lambda: owner.get("groq"), lambda: owner.set("groq", key(OTHER)))
    assert "delete it" in (error.action or "")
    assert path.read_text(encoding="latin-1") == text


async def test_a_pipe_in_its_place_blocks_nobody(path: Path) -> None:
    await store(path).set("groq", key())
    path.unlink()
    os.mkfifo(path, 0o600)
    await refused(lambda: store(path).get("groq"))


async def test_a_folder_that_cannot_be_made_is_reported(path: Path) -> None:
    path.parent.parent.write_text("a file where the folder should be")
    error = await refused(lambda: store(path).set("groq", key()))
    assert "cannot be written" in error.message or "cannot be read" in error.message


WRITER = """
import sys, anyio
from pathlib import Path
from modelport.adapters.credential_stores.file import FileStore
from modelport.domain.providers.credential import StoredKey
from modelport.protocol.secret import Secret

from support.builders import TypedPassphrase

async def main():
    store = FileStore(Path(sys.argv[1]), TypedPassphrase())
    for number in range(25):
        await store.set(f"{sys.argv[2]}{number}", StoredKey(Secret(sys.argv[2])))

anyio.run(main)
"""


async def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    tests = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], env=environment) for name in ("a", "b")
    ]
    assert [writer.wait(30) for writer in writers] == [0, 0]
    assert len(await store(path).providers()) == 50


async def test_what_another_process_changes_counts(path: Path) -> None:
    mine, theirs = store(path), store(path)
    await mine.set("groq", key())
    await theirs.set("groq", key(OTHER))
    assert await mine.get("groq") == key(OTHER)
    await theirs.delete("groq")
    assert await mine.get("groq") is None


# Encrypted.


async def test_with_a_passphrase_no_key_is_in_the_file(path: Path) -> None:
    owner = store(path, PHRASE)
    await owner.set("groq", key())
    await owner.set("openai", key(OTHER))
    text = path.read_text()
    assert KEY not in text
    assert "mine.example" not in text
    assert PHRASE not in text
    assert await store(path, PHRASE).get("groq") == key()
    assert await store(path, PHRASE).get("openai") == key(OTHER)
    assert (await store(path, PHRASE).status()).state == "available"


async def test_a_plain_file_is_encrypted_as_a_whole_once_there_is_a_passphrase(path: Path) -> None:
    await store(path).set("groq", key())
    assert KEY in path.read_text()
    await store(path, PHRASE).set("openai", key(OTHER))
    assert KEY not in path.read_text()
    assert await store(path, PHRASE).get("groq") == key()


async def test_without_its_passphrase_it_is_locked_lists_its_names_and_can_be_deleted_from(path: Path) -> None:
    await store(path, PHRASE).set("groq", key())
    locked = store(path)
    error = await refused(lambda: locked.get("groq"), lambda: locked.set("openai", key()))
    assert error.state == "locked"
    assert "MODELPORT_PASSPHRASE" in error.message
    assert list(await locked.providers()) == ["groq"]
    assert (await locked.status()).state == "locked"
    assert await locked.delete("groq") is True
    assert await locked.get("groq") is None
    await locked.set("groq", key(OTHER))
    assert OTHER in path.read_text(), "an empty file is as good as none"


async def test_another_passphrase_opens_nothing_and_changes_nothing(path: Path) -> None:
    await store(path, PHRASE).set("groq", key())
    before = path.read_bytes()
    wrong = store(path, "wrong")
    error = await refused(lambda: wrong.get("groq"), lambda: wrong.set("groq", key(OTHER)))
    assert error.state == "locked"
    assert path.read_bytes() == before


async def test_an_entry_put_in_the_place_of_another_is_not_read(path: Path) -> None:
    await store(path, PHRASE).set("groq", key())
    await store(path, PHRASE).set("openai", key(OTHER))
    contents = json.loads(path.read_text())
    contents["entries"]["groq"] = contents["entries"]["openai"]
    path.write_text(json.dumps(contents))
    await refused(lambda: store(path, PHRASE).get("groq"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("n", 2**30), ("n", 1), ("r", 10**6), ("p", 0), ("salt", "!"), ("check", "AAAA"), ("method", "none")],
)
async def test_no_setting_of_the_file_takes_the_memory_or_weakens_it(path: Path, field: str, value: object) -> None:
    await store(path, PHRASE).set("groq", key())
    contents = json.loads(path.read_text())
    contents["encryption"][field] = value
    path.write_text(json.dumps(contents))
    await refused(lambda: store(path, PHRASE).get("groq"))


async def test_the_passphrase_is_looked_for_only_where_the_file_needs_it(path: Path) -> None:
    none, words = TypedPassphrase(), TypedPassphrase(PHRASE)
    await store(path).set("groq", key())
    assert await FileStore(path, none).get("groq", unlock=False) == key()
    assert none.asked == []
    path.unlink()
    await store(path, PHRASE).set("groq", key())
    encrypted = FileStore(path, words)
    assert await encrypted.get("groq", unlock=False) == key()
    assert await encrypted.get("groq") == key()
    assert words.asked == [False], "and once"


async def test_where_the_library_is_not_installed_it_says_how(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf.scrypt"):
        monkeypatch.setitem(sys.modules, name, None)
    error = await refused(lambda: store(path, PHRASE).set("groq", key()))
    assert "modelport[encrypted]" in error.message
    assert not path.exists()


async def test_nothing_blocks_the_event_loop(path: Path) -> None:
    owner = store(path, PHRASE)
    with blockbuster_ctx("modelport"):
        await owner.set("groq", key())
        await owner.get("groq")
        await owner.providers()
        await owner.status()
        await owner.delete("groq")
