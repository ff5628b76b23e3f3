"""Lists kept in files."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from modelport.adapters.model_caches.files import FileModelCache
from modelport.domain.models.listing import CachedListing, ListedModel, Listing
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.types import Price
from support.builders import CANARY, credential, endpoint, row

PRICE = Price(input_usd_per_mtok=1)
KEPT = CachedListing(
    listing=Listing(models=(ListedModel(id="a", price=PRICE, input_modalities=("text",)),), etag='W/"1"'), checked_ms=5
)


@pytest.fixture
def cache(tmp_path: Path) -> FileModelCache:
    return FileModelCache(tmp_path / "new" / "models")


async def test_what_is_kept_comes_back(cache: FileModelCache, tmp_path: Path) -> None:
    assert await cache.get(endpoint()) is None
    await cache.put(endpoint(), KEPT)
    assert await cache.get(endpoint()) == KEPT
    assert await FileModelCache(tmp_path / "new" / "models").get(endpoint()) == KEPT, "another process sees it"
    await cache.invalidate(endpoint())
    assert await cache.get(endpoint()) is None
    await cache.invalidate(endpoint())


@pytest.mark.parametrize(
    "other",
    [
        endpoint(row("other")),
        endpoint(base_url="https://elsewhere.example/v1"),
        endpoint(credential=credential("another-key-0123456789")),
        endpoint(credential=credential(None)),
        endpoint(headers={"X-Team": "blue"}),
        endpoint(dialect="ollama"),
    ],
)
async def test_another_account_or_address_has_a_list_of_its_own(cache: FileModelCache, other: Endpoint) -> None:
    await cache.put(endpoint(), KEPT)
    assert await cache.get(other) is None


async def test_the_key_is_nowhere(cache: FileModelCache, tmp_path: Path) -> None:
    await cache.put(endpoint(headers={"X-Team": "secret-value-123"}), KEPT)
    (path,) = (tmp_path / "new" / "models").iterdir()
    seen = path.name.encode() + path.read_bytes()
    assert CANARY.encode() not in seen
    assert b"secret-value" not in seen


@pytest.mark.parametrize("spoiled", [b"", b"{", b"[]", b'{"listing": 1}', b"\xff\xfe", b"[" * 100_000])
async def test_a_spoiled_file_is_none(cache: FileModelCache, tmp_path: Path, spoiled: bytes) -> None:
    await cache.put(endpoint(), KEPT)
    (path,) = (tmp_path / "new" / "models").iterdir()
    path.write_bytes(spoiled)
    assert await cache.get(endpoint()) is None
    await cache.put(endpoint(), KEPT)
    assert await cache.get(endpoint()) == KEPT


async def test_a_folder_that_cannot_be_made_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = FileModelCache(tmp_path / "file" / "models")
    await cache.put(endpoint(), KEPT)
    assert await cache.get(endpoint()) is None
    await cache.invalidate(endpoint())


async def test_many_writers_leave_one_whole_list(cache: FileModelCache, tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(cache.put, endpoint(), KEPT)
    assert await cache.get(endpoint()) == KEPT
    assert len(list((tmp_path / "new" / "models").iterdir())) == 1
