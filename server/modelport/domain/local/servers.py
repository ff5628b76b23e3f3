"""Where local model servers may be: their usual ports, and the addresses that somebody has set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.local.fingerprints import Fingerprint, Fingerprints
from modelport.domain.providers.address import base_url, is_loopback
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider

BOTH = ("127.0.0.1", "::1")
"""This machine in both versions of the protocol, the one that is reported first."""
FIRST_OF_USERS = 1024
"""Ports below belong to the system, and no model server takes one unless it is told to."""


class ServerAddress(Struct, frozen=True):
    """An address to ask, always on this machine."""

    host: str
    port: int
    scheme: str = "http"
    prefix: str = ""
    """A path in front of everything, where a proxy serves more than one thing."""

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


class PortCandidate(Struct, frozen=True):
    """A port, with the addresses of this machine it may be open at; one server as a rule, or two in rare cases."""

    port: int
    hosts: tuple[str, ...] = BOTH
    scheme: str = "http"
    prefix: str = ""

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes it another spot."""
        return self.scheme, self.port, self.prefix

    def places(self) -> list[ServerAddress]:
        """Its addresses."""
        return [ServerAddress(host, self.port, self.scheme, self.prefix) for host in self.hosts]


def usual_spots(book: Fingerprints, providers: frozenset[str]) -> list[PortCandidate]:
    """Where the providers listen when nobody says otherwise."""
    ports = (port for row in book.server if row.provider in providers for port in row.ports)
    return [PortCandidate(port) for port in dict.fromkeys(ports)]


def named_spots(
    registry: Registry, book: Fingerprints, providers: frozenset[str], variables: Mapping[str, str]
) -> list[PortCandidate]:
    """Where the environment and the configuration say that the providers are, as far as that is on this machine."""
    rows = (row for row in registry.all() if row.id in providers)
    urls = (url for row in rows for url in _named_urls(row, registry.defaults(row).base_url, variables))
    paths = sorted({_path(registry, row) for row in book.server}, key=len, reverse=True)
    return [_spot(url, paths) for url in dict.fromkeys(urls)]


def open_spots(ports: Iterable[int], book: Fingerprints) -> list[PortCandidate]:
    """Ports that somebody listens on, without those that are known to be something else."""
    others = (*book.other_services, *book.agents)
    return [PortCandidate(port) for port in sorted(ports) if port >= FIRST_OF_USERS and port not in others]


def merged(spots: Iterable[PortCandidate]) -> list[PortCandidate]:
    """Each spot once, with all its addresses."""
    found: dict[tuple[str, int, str], PortCandidate] = {}
    for spot in spots:
        known = found.get(spot.key)
        hosts = spot.hosts if known is None else tuple(dict.fromkeys((*known.hosts, *spot.hosts)))
        found[spot.key] = PortCandidate(spot.port, hosts, spot.scheme, spot.prefix)
    return list(found.values())


def server_url(place: ServerAddress, fingerprint: Fingerprint, registry: Registry) -> str:
    """The base URL that the provider is connected with."""
    return place.url + _path(registry, fingerprint)


def _named_urls(row: Provider, configured: str | None, variables: Mapping[str, str]) -> Iterable[str]:
    given = [(None, {name: variables[name]}) for name in row.base_url_env_vars if variables.get(name, "").strip()]
    for override, environment in [(configured, {}), *given] if configured else given:
        try:
            url = base_url(row, override, environment)
        except InvalidParams:
            # Whoever asks for the provider is told; here it only means that there is no address.
            continue
        if is_loopback(url):
            yield url


def _spot(url: str, paths: Sequence[str]) -> PortCandidate:
    parts = urlsplit(url)
    host = parts.hostname or BOTH[0]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    # People write the address of a server with the path of its interface, or without.
    path = next((parts.path.removesuffix(path) for path in paths if path and parts.path.endswith(path)), parts.path)
    return PortCandidate(port, BOTH if host in ("localhost", BOTH[0]) else (host,), parts.scheme, path.rstrip("/"))


def _path(registry: Registry, fingerprint: Fingerprint) -> str:
    if fingerprint.base_path is not None:
        return fingerprint.base_path
    return urlsplit(registry.get(fingerprint.provider).base_url or "").path
