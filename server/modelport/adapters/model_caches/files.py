"""Keeps each list in a file of its own in the data folder. Several processes may read and write at once."""

from __future__ import annotations

import contextlib
from hashlib import sha256
from pathlib import Path

import anyio.to_thread
import msgspec

from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.models.listing import CachedListing
from modelport.domain.providers.connection import Endpoint

MAX_FILE_BYTES = 64 * 1024 * 1024
_KEPT = msgspec.json.Decoder(CachedListing)


class FileModelCache:
    """A ``ModelCache`` in a folder. A file's name is a hash of provider, address and key; the key is nowhere else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, endpoint: Endpoint) -> CachedListing | None:
        """The cached list; None where there is none, or it cannot be read."""
        return await anyio.to_thread.run_sync(_read, self._path(endpoint))

    async def put(self, endpoint: Endpoint, listing: CachedListing) -> None:
        """Writes a new file and renames it over the old one, so that no process reads half a list."""
        await anyio.to_thread.run_sync(_write, self._path(endpoint), listing)

    async def invalidate(self, endpoint: Endpoint) -> None:
        """Deletes the file."""
        await anyio.to_thread.run_sync(_delete, self._path(endpoint))

    def _path(self, endpoint: Endpoint) -> Path:
        secrets = [endpoint.credential.secret, *(value for _, value in sorted(endpoint.headers.items()))]
        account = sha256(b"\0".join(secret.reveal().encode() for secret in secrets if secret is not None)).hexdigest()
        parts = (endpoint.provider.id, endpoint.dialect, endpoint.base_url, *sorted(endpoint.headers), account)
        name = sha256("\0".join(parts).encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"


def _read(path: Path) -> CachedListing | None:
    try:
        return _KEPT.decode(read_whole(path, MAX_FILE_BYTES))
    except (OSError, *NOT_JSON):
        return None


def _write(path: Path, kept: CachedListing) -> None:
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        write_private(path, json_bytes(kept))


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
