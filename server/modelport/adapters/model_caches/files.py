"""Keeps each list in a file of its own in the data folder. Several processes may read and write at once."""

from __future__ import annotations

import contextlib
import os
import tempfile
from hashlib import sha256
from pathlib import Path

import anyio.to_thread
import msgspec

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
        if path.stat().st_size > MAX_FILE_BYTES:
            return None
        return _KEPT.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _write(path: Path, kept: CachedListing) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".new")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(kept))
            os.replace(name, path)  # noqa: PTH105  the name is a text
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108  likewise
            raise


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
