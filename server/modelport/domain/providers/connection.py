"""How a provider is called in this session: the row, the environment and the user's overrides in one value."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.providers import address, base_urls
from modelport.domain.providers.configuration import ValueSource
from modelport.domain.providers.credential import Credential, fits_header, means
from modelport.domain.providers.pricing import OwnPrice
from modelport.domain.providers.rows import Provider, ServerProgram
from modelport.domain.redaction import MIN_SECRET_CHARS, redact
from modelport.protocol.secret import Secret, SecretValues
from modelport.protocol.types import Connection, ConnectProviderParams, Dialect, ResolutionStep

if TYPE_CHECKING:
    from modelport.domain.providers.model_file import FromFolder

HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


class Overrides(Struct, frozen=True, kw_only=True):
    """What the user set for a provider, in its connection or in the configuration; absent: as in the row."""

    model: str | None = None
    connection: str | None = None
    """The name of the connection, where it has one of its own: a key may be stored for it."""
    base_url: str | None = None
    api_key: Secret | None = None
    dialect: Dialect | None = None
    headers: dict[str, Secret] = {}
    idle_timeout_s: float | None = None
    verify_tls: bool | None = None
    ca_file: str | None = None
    """Certificates to trust besides the system's: the path of a PEM file."""
    proxy: Secret | ValueSource | None = None
    """The proxy in front of the provider; empty: none, also where the environment names one."""
    key_command: tuple[str, ...] = ()
    """A program with its arguments that prints the key."""
    several_keys: bool = False
    """Whether each variable of the row holds a key of its own, and not the same key under another name."""
    file_key: Secret | None = None
    """A key that stands in the configuration file, which is of another program."""
    file_name: str = ""
    """The file's name."""
    header_sources: dict[str, Secret | ValueSource] = {}
    """Headers of the configuration, looked up when a request is made."""
    prices: dict[str, OwnPrice] = {}
    """The user's prices, by names of models or patterns of them."""
    variables: dict[str, str] = {}
    """Values of the configuration in place of those in the environment, such as a region."""

    def over(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """The environment with the values of the configuration in their place."""
        # Most providers have none, and every request asks.
        return SecretValues({**environment, **self.variables}) if self.variables else environment


class Endpoint(Struct, frozen=True, kw_only=True):
    """Everything a dialect needs to send a request.

    ``base_url`` is empty for the mock, and for a server that is only started by a call, of ``folder`` or ``program``.
    """

    provider: Provider
    dialect: Dialect
    base_url: str
    query: str = ""
    """What goes behind each path, such as the version of an API."""
    address_given: bool = True
    """Whether the user named the address, in a request, the environment or the configuration."""
    listener_for: ResolutionStep | None = None
    """What chose the provider, where the program that listens is looked at before anything is sent; else None."""
    credential: Credential
    key_withheld: str = ""
    """Why the key is not sent, the end of a sentence; empty where it is."""
    chat_path: str | None = None
    key_header: str | None = None
    """The header that carries the key; absent: where the dialect itself puts it."""
    bearer: bool = True
    """Whether the key goes there as a bearer token, and not as it is."""
    row_headers: dict[str, str] = {}
    headers: dict[str, Secret] = {}
    settings: dict[str, str] = {}
    """The row's settings that have a value, such as a region."""
    idle_timeout_s: float | None = None
    """How long the provider may send nothing; absent: the adapter's own limits."""
    verify_tls: bool = True
    ca_file: str | None = None
    proxy: Secret | None = None
    """The proxy to use instead of the environment's; empty: none."""
    connection: str | None = None
    """The name of the connection, where it has one of its own."""
    prices: dict[str, OwnPrice] = {}
    """The user's prices, by names of models or patterns of them."""
    folder: FromFolder | None = None
    """A model file to start a server for; the server has an address only while it runs."""

    @property
    def program(self) -> ServerProgram | None:
        """The program to start; None where there is an address to call."""
        return None if self.base_url else self.provider.program

    @property
    def address(self) -> str:
        """The base URL with its query, as a person writes it."""
        return base_urls.BaseUrl(self.base_url, self.query).text

    def request_url(self, path: str) -> str:
        """The whole address of a request."""
        return base_urls.join(self.base_url, path, self.query)

    def with_secrets_of(self, used: Endpoint) -> Endpoint:
        """The endpoint with what the request carried that was sent with ``used``, such as the token of a log-in."""
        if used.credential is self.credential and used.headers is self.headers:
            return self
        return msgspec.structs.replace(self, credential=used.credential, headers=used.headers)

    def redact(self, text: str) -> str:
        """The text without the keys, the values of the user's own headers and the password of the proxy."""
        return redact(text, self.secrets())

    def secrets(self) -> tuple[str, ...]:
        """What a request carries, or the next one may carry, that no other party is to read."""
        values = [value.reveal() for value in self.headers.values()]
        if self.proxy:
            values.append(self.proxy.reveal().rpartition("@")[0].rpartition(":")[2])
        parts = (part for value in values for part in (value, *value.split(), *_password(value)))
        keys = (one.secret.reveal() if one.secret else "" for one in (self.credential, *self.credential.alternatives))
        return (*keys, *(part for part in parts if len(part) >= MIN_SECRET_CHARS))


def _password(header: str) -> tuple[str, ...]:
    """The password in the value of a header for Basic authentication. Source: RFC 7617."""
    scheme, _, encoded = header.partition(" ")
    if scheme.casefold() != "basic":
        return ()
    try:
        user, _, password = b64decode(encoded).decode("utf-8", "replace").partition(":")
    except ValueError:
        return ()
    return user, password


class WireFormat(Struct, frozen=True, kw_only=True):
    """The dialect of a model; ``path`` and ``key_header`` are absent where they are the dialect's own."""

    dialect: Dialect
    path: str | None = None
    key_header: str | None = None
    bearer: bool = True


class Verification(Struct, frozen=True):
    """The result of the cheapest authenticated request. ``models`` is empty where no list came back."""

    verified: bool
    models: tuple[str, ...]


class OpenConnection(Struct, frozen=True, kw_only=True):
    """A connection the user made, as ``provider/status`` shows it, with its overrides."""

    name: str
    """Its own, or the provider's id."""
    provider: Provider
    overrides: Overrides
    view: Connection
    models: frozenset[str] = frozenset()
    """The models that the provider listed when it was connected, and the one that the user named."""


def default_model(row: Provider, served: Sequence[str]) -> str | None:
    """The row's default model where it is served or the list is unknown, else the first that a local server has."""
    if row.default_model and (not served or row.default_model in served or row.connection_type != "local"):
        return row.default_model
    return served[0] if served else None


def has_own_models(row: Provider) -> bool:
    """Whether its models are those that the user has put on a server, so that the row's default may be missing."""
    return row.connection_type == "local" and row.base_url is not None


def known_model(open_: OpenConnection) -> str | None:
    """The model of a connection; None where the user named none and the local server was not asked for its list."""
    known = open_.view.verified or open_.overrides.model is not None or not has_own_models(open_.provider)
    return open_.view.model if known else None


def wire_format(row: Provider, model: str | None, override: Dialect | None, *, keyed: bool = True) -> WireFormat:
    """The dialect for a model with the path and the header that go with it.

    The user's choice counts first, then the row's rules in their order, then the row itself. ``keyed``
    says whether a key is sent, which some services take in another header than their own log-in.
    """
    header, bearer = row.key_header, row.auth != "key"
    if override is not None and override != row.dialect:
        return WireFormat(dialect=override)
    if keyed and row.with_key is not None:
        way = row.with_key
        path = way.chat_path or row.wire.chat_path
        return WireFormat(dialect=row.dialect, path=path, key_header=way.key_header, bearer=way.auth == "bearer")
    for rule in row.dialect_rules if override is None else ():
        if model is not None and fnmatchcase(model, rule.models):
            if rule.key_header:
                header, bearer = rule.key_header, rule.key_header == row.key_header
            return WireFormat(dialect=rule.dialect, path=rule.chat_path, key_header=header, bearer=bearer)
    return WireFormat(dialect=row.dialect, path=row.wire.chat_path, key_header=header, bearer=bearer)


def listing_endpoint(endpoint: Endpoint) -> Endpoint | None:
    """The endpoint that lists the models: on the same host or on one of their own; None where it is unknown."""
    hosts = endpoint.provider.wire.models_hosts
    if not hosts:
        return endpoint
    base_url = address.other_host(endpoint.base_url, hosts)
    return None if base_url is None else msgspec.structs.replace(endpoint, base_url=base_url)


def is_header(name: str) -> bool:
    """Whether a header of this name may be set by the user: a token, and nothing that frames the message."""
    return HEADER_NAME.fullmatch(name) is not None and name.casefold() not in FRAMING


def read_overrides(params: ConnectProviderParams, model: str | None) -> Overrides:
    """What the user sets with ``provider/connect``; ``model`` is the one the names of the request led to.

    Raises:
        InvalidParams: a timeout that is not positive, or a header or key that cannot be sent.
    """
    if params.timeout_ms is not None and params.timeout_ms <= 0:
        raise InvalidParams("timeoutMs must be more than 0.", field="timeoutMs")
    if not all(is_header(name) and fits_header(value) for name, value in (params.headers or {}).items()):
        raise InvalidParams(
            "headers must have names of letters, digits and hyphens, values in plain characters on one line, "
            "and nothing that frames the message.",
            field="headers",
        )
    api_key = params.api_key.strip() if params.api_key else None
    if api_key and not fits_header(api_key):
        raise InvalidParams("apiKey must be the key itself, in plain characters on one line.", field="apiKey")
    return Overrides(
        model=model,
        base_url=params.base_url,
        api_key=api_key or None,
        dialect=params.dialect,
        headers=params.headers or {},
        idle_timeout_s=params.timeout_ms / 1000 if params.timeout_ms else None,
        verify_tls=params.verify_tls,
    )


def over_previous(own: Overrides, before: OpenConnection) -> Overrides:
    """The overrides of a connection over those of the provider's previous connection.

    A connection to another address takes none of the previous ones, since they may hold secrets.
    """
    old = before.overrides
    addresses = [address for address in (old.base_url, before.view.base_url) if address is not None]
    if own.base_url is not None and not any(means(own.base_url, before.provider, address) for address in addresses):
        return own
    given = {name: value for name, value in msgspec.structs.asdict(own).items() if value not in (None, {}, ())}
    return msgspec.structs.replace(old, **({"model": before.view.model} | given))


def layered(own: Overrides, defaults: Overrides, row: Provider) -> Overrides:
    """The overrides of a connection over those of the configuration.

    A connection to another address takes none of the secrets that the file names for its own address.
    """
    if own.base_url is not None and not means(own.base_url, row, defaults.base_url or row.base_url or ""):
        defaults = msgspec.structs.replace(defaults, key_command=(), file_key=None, header_sources={})
    # What no connection can say is that of the configuration.
    return msgspec.structs.replace(
        defaults,
        model=own.model,
        connection=own.connection,
        base_url=defaults.base_url if own.base_url is None else own.base_url,
        api_key=own.api_key,
        dialect=own.dialect,
        headers=own.headers,
        idle_timeout_s=own.idle_timeout_s or defaults.idle_timeout_s,
        verify_tls=defaults.verify_tls if own.verify_tls is None else own.verify_tls,
    )
