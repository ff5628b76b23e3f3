"""Caches a copy of the public registry of agents, small enough to be read whenever agents are listed.

Nothing that only a download needs is imported at the top.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.system.private_files import private_folder, write_private
from modelport.adapters.system.regular_files import read_whole
from modelport.borders import NOT_JSON, json_bytes
from modelport.domain.agents.registry import RegistryCopy

LATEST = "https://cdn.agentclientprotocol.com/registry/v1/latest/registry.json"
"""Source: agentclientprotocol.com, get-started/registry."""
FORMAT_VERSION = 1
MAX_FILE_BYTES = 4 * 1024 * 1024

Fetch = Callable[[str], Awaitable[bytes]]
"""Downloads the body at an address, or raises ``RequestFailed``."""


class CacheContent(Struct, frozen=True, kw_only=True):
    """The content of the file."""

    format_version: int
    copy: RegistryCopy


class RegistryFile:
    """``RegistryCache`` in one file; ``fetch`` downloads an address."""

    def __init__(self, path: Path, fetch: Fetch) -> None:
        self._path = path
        self._fetch = fetch

    def read(self) -> RegistryCopy | None:
        """The copy; None where the file is missing, or of another format."""
        try:
            content = msgspec.json.decode(read_whole(self._path, MAX_FILE_BYTES), type=CacheContent)
        except (OSError, *NOT_JSON):
            return None
        return content.copy if content.format_version == FORMAT_VERSION else None

    async def fetch(self, url: str | None) -> RegistryCopy:
        """Downloads, checks and stores a new copy; None and ``latest`` mean the registry's own address.

        A copy that cannot be written is returned all the same.

        Raises:
            InvalidParams: the address is not allowed, see ``registry_address``.
            RequestFailed: the download failed, or does not fit the registry's schema; the old copy stays.
        """
        import anyio.to_thread

        address = LATEST if url is None or url == "latest" else registry_address(url)
        body = await self._fetch(address)
        return await anyio.to_thread.run_sync(self._store, address, body)

    def _store(self, address: str, body: bytes) -> RegistryCopy:
        from datetime import UTC, datetime

        from modelport.adapters.agents.registry.schema import Unfit, read_registry
        from modelport.domain.errors import RequestFailed
        from modelport.protocol.types import AgentRegistry

        shown = address.partition("?")[0]
        try:
            entries = read_registry(body)
        except Unfit as why:
            raise RequestFailed(
                "invalid_response",
                f"{shown} does not serve the registry of agents ({why}): check the address. The previous copy "
                "stays in use.",
                action="check the address",
            ) from why
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        copy = RegistryCopy(
            about=AgentRegistry(url=shown, fetched_at=now, agent_count=len(entries)),
            entries=entries,
        )
        _write(self._path, json_bytes(CacheContent(format_version=FORMAT_VERSION, copy=copy)))
        return copy


def registry_address(text: str) -> str:
    """The address that the user gave, without its fragment.

    Raises:
        InvalidParams: it is neither https nor http on this machine, or it contains credentials.
    """
    from modelport.adapters.http.download import public_address
    from modelport.domain.errors import InvalidParams

    address = public_address(text)
    if address is None:
        raise InvalidParams(
            'registry must be "latest" or an address such as https://host.example/registry.json: https (http only '
            "on this machine), without credentials.",
            field="registry",
        )
    return address


def _write(path: Path, data: bytes) -> None:
    """Writes a temporary file that only its owner can read, and renames it."""
    import logging

    try:
        private_folder(path.parent)
        write_private(path, data)
    except OSError as error:
        log = logging.getLogger("modelport.agents")
        log.warning("the registry of agents cannot be cached: %s", error.strerror or type(error).__name__)
