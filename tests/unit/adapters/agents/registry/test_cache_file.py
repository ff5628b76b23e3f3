"""The copy of the public registry: kept, read, and replaced only by one that fits."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modelport.adapters.agents.registry.cache_file import LATEST, RegistryFile, registry_address
from modelport.domain.errors import InvalidParams, RequestFailed
from support.agent_registry import entry, registry

GOOD = json.dumps(registry(entry(), entry(id="other"))).encode()


class Source:
    """Serves one body and notes the requested addresses."""

    def __init__(self, body: bytes = GOOD) -> None:
        self.body = body
        self.requested: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.requested.append(url)
        return self.body


def names(folder: Path) -> list[str]:
    return [found.name for found in folder.iterdir()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "agent-registry.json"


async def test_what_is_fetched_is_there_for_the_next_process(path: Path) -> None:
    source = Source()
    assert RegistryFile(path, source).read() is None
    fetched = await RegistryFile(path, source).fetch(None)
    assert source.requested == [LATEST]
    assert RegistryFile(path, source).read() == fetched
    assert [one.id for one in fetched.entries] == ["acme", "other"]
    assert (fetched.about.url, fetched.about.agent_count) == (LATEST, 2)


async def test_when_it_was_fetched_is_told(path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    copy = await RegistryFile(path, Source()).fetch("latest")
    assert copy.about.fetched_at.endswith("Z")
    assert before <= datetime.fromisoformat(copy.about.fetched_at) <= datetime.now(UTC)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
async def test_the_file_is_its_owners_alone(path: Path) -> None:
    await RegistryFile(path, Source()).fetch(None)
    assert mode(path) == 0o600
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("body", [b"<html>", b"{}", json.dumps(registry(entry(distribution={}))).encode()])
async def test_a_document_that_does_not_fit_leaves_the_old_copy(path: Path, body: bytes) -> None:
    old = await RegistryFile(path, Source()).fetch(None)
    with pytest.raises(RequestFailed) as caught:
        await RegistryFile(path, Source(body)).fetch(None)
    assert caught.value.kind == "invalid_response"
    assert LATEST in caught.value.message
    assert RegistryFile(path, Source()).read() == old
    assert names(path.parent) == [path.name]


async def test_the_place_of_the_mistake_is_in_the_sentence(path: Path) -> None:
    body = json.dumps(registry(entry(), entry(distribution={"npx": {}}))).encode()
    with pytest.raises(RequestFailed, match=r"\(agents\[1\]\.distribution\.npx: object missing required field package\)"):  # fmt: skip
        await RegistryFile(path, Source(body)).fetch(None)
    assert names(path.parent.parent) == []


async def test_a_copy_that_cannot_be_written_is_good_for_this_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    file = RegistryFile(tmp_path / "file" / "registry.json", Source())
    assert len((await file.fetch(None)).entries) == 2
    assert file.read() is None
    assert "cannot be cached" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"nonsense",
        b"\xff\xfe",
        b'{"format_version":1}',
        b'{"format_version":2,"copy":{"about":{"url":"u","fetchedAt":"t","agentCount":0},"entries":[]}}',
        b'{"format_version":1,"copy":{"about":{"url":"u","fetchedAt":"t","agentCount":0},"entries":[{"id":1}]}}',
        b"[" * 100_000,
        b" " * (4 * 1024 * 1024 + 1) + b"{}",
    ],
)
def test_a_file_that_is_none_of_ours_is_none(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert RegistryFile(path, Source()).read() is None


def test_a_folder_in_its_place_is_none(path: Path) -> None:
    path.mkdir(parents=True)
    assert RegistryFile(path, Source()).read() is None


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example/registry.json",
        "https://host.example:8443/r.json?version=2",
        "http://127.0.0.1:8000/r.json",
        "http://localhost/r.json",
        "HTTP://LOCALHOST:1/r.json",
        "http://[::1]:8000/r.json",
    ],
)
async def test_an_address_of_ones_own(path: Path, url: str) -> None:
    source = Source()
    copy = await RegistryFile(path, source).fetch(url)
    assert source.requested == [url]
    assert copy.about.url == url.partition("?")[0], "a query may hold a secret"


def test_what_no_server_sees_is_not_sent() -> None:
    assert registry_address("https://host.example/r.json#agents") == "https://host.example/r.json"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "newest",
        "host.example/registry.json",
        "http://host.example/registry.json",
        "http://localhost.example/r.json",
        "http://localhost@host.example/r.json",
        "https://user:password@host.example/r.json",
        "https://",
        "https:///r.json",
        "https://[::1/r.json",
        "https://host.example:99999/",
        "https://host.example:port/",
        "https://host.example/a b",
        "https://host.example/\nx",
        "https://host.example\\@other.example/",
        "file:///etc/passwd",
        "ftp://host.example/r.json",
    ],
)
async def test_anything_else_is_refused_with_what_to_write(path: Path, url: str) -> None:
    source = Source()
    with pytest.raises(InvalidParams) as caught:
        await RegistryFile(path, source).fetch(url)
    assert caught.value.field == "registry"
    assert "latest" in caught.value.message
    assert "https://host.example/registry.json" in caught.value.message
    assert "password" not in caught.value.message
    assert source.requested == []


def test_reading_needs_no_event_loop_and_no_http(path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from modelport.adapters.agents.registry.cache_file import RegistryFile\n"
        "assert RegistryFile(pathlib.Path(sys.argv[1]), None).read() is None\n"
        "print([m for m in ('anyio', 'asyncio', 'httpx2', 'ssl', 'tempfile', 'logging') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
