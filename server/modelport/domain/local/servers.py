"""The ports and addresses at which local model servers may listen: default, configured and open ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.local.fingerprints import Fingerprint, Fingerprints
from modelport.domain.loopback import is_loopback

if TYPE_CHECKING:
    from modelport.domain.providers.registry import Registry
    from modelport.domain.providers.rows import Provider

LOOPBACK_HOSTS = ("127.0.0.1", "::1")
"""The loopback address of IPv4, which is reported if a server answers at both, and that of IPv6."""
MIN_USER_PORT = 1024
"""Ports below belong to the system; no model server listens there by default."""


class ServerAddress(Struct, frozen=True):
    """An address to probe, always on this machine."""

    host: str
    port: int
    scheme: str = "http"
    prefix: str = ""
    """A path in front of all others, where a proxy serves several servers."""

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


class PortCandidate(Struct, frozen=True):
    """A port, with the loopback addresses at which it may be open; usually one server, rarely two."""

    port: int
    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    scheme: str = "http"
    prefix: str = ""

    @property
    def key(self) -> tuple[str, int, str]:
        """The identity of the candidate: two with the same key are merged."""
        return self.scheme, self.port, self.prefix

    def addresses(self) -> list[ServerAddress]:
        """The addresses to probe."""
        return [ServerAddress(host, self.port, self.scheme, self.prefix) for host in self.hosts]


def default_candidates(book: Fingerprints, providers: frozenset[str]) -> list[PortCandidate]:
    """The default ports of the providers."""
    ports = (port for row in book.server if row.provider in providers for port in row.ports)
    return [PortCandidate(port) for port in dict.fromkeys(ports)]


def configured_candidates(
    registry: Registry, book: Fingerprints, providers: frozenset[str], variables: Mapping[str, str]
) -> list[PortCandidate]:
    """The addresses of the providers in the environment and the configuration, as far as they are on this machine."""
    rows = (row for row in registry.all() if row.id in providers)
    urls = (url for row in rows for url in _named_urls(row, registry.defaults(row).base_url, variables))
    paths = sorted({_path(registry, row) for row in book.server}, key=len, reverse=True)
    return [_candidate(url, paths) for url in dict.fromkeys(urls)]


def listening_candidates(ports: Iterable[int], book: Fingerprints) -> list[PortCandidate]:
    """The open ports, without those of the system and of other known services."""
    others = (*book.other_services, *book.agents)
    return [PortCandidate(port) for port in sorted(ports) if port >= MIN_USER_PORT and port not in others]


def merged(candidates: Iterable[PortCandidate]) -> list[PortCandidate]:
    """Each candidate once, with all its hosts."""
    by_key: dict[tuple[str, int, str], PortCandidate] = {}
    for one in candidates:
        known = by_key.get(one.key)
        hosts = one.hosts if known is None else tuple(dict.fromkeys((*known.hosts, *one.hosts)))
        by_key[one.key] = PortCandidate(one.port, hosts, one.scheme, one.prefix)
    return list(by_key.values())


def server_url(address: ServerAddress, fingerprint: Fingerprint, registry: Registry) -> str:
    """The base URL to connect the provider with."""
    return address.url + _path(registry, fingerprint)


def _named_urls(row: Provider, configured: str | None, variables: Mapping[str, str]) -> Iterable[str]:
    # Only here: the other searches need the addresses of this module, and no row of a provider.
    from modelport.domain.providers.address import base_url

    given = [(None, {name: variables[name]}) for name in row.base_url_env_vars if variables.get(name, "").strip()]
    for override, environment in [(configured, {}), *given] if configured else given:
        try:
            url = base_url(row, override, environment)
        except InvalidParams:
            # A request to the provider reports this error; here it only means that there is no address.
            continue
        if is_loopback(url):
            yield url


def _candidate(url: str, paths: Sequence[str]) -> PortCandidate:
    parts = urlsplit(url)
    host = parts.hostname or LOOPBACK_HOSTS[0]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    # Users write the address of a server with the path of its API, or without.
    path = next((parts.path.removesuffix(path) for path in paths if path and parts.path.endswith(path)), parts.path)
    return PortCandidate(
        port, LOOPBACK_HOSTS if host in ("localhost", LOOPBACK_HOSTS[0]) else (host,), parts.scheme, path.rstrip("/")
    )


def _path(registry: Registry, fingerprint: Fingerprint) -> str:
    if fingerprint.base_path is not None:
        return fingerprint.base_path
    return urlsplit(registry.get(fingerprint.provider).base_url or "").path
