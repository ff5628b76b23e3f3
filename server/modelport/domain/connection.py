"""Where and how a provider is called: the row, the environment and the user's overrides in one value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from modelport.domain.credential import Credential
from modelport.domain.errors import InvalidParams
from modelport.domain.provider import Provider
from modelport.protocol.secret import Secret
from modelport.protocol.types import Connection, Dialect

SHORTEST_SECRET = 6
"""A shorter part of a header, such as ``Bearer`` cut in two, is no secret worth spoiling a sentence for."""

LAST_PORT = 65535


class Overrides(Struct, frozen=True, kw_only=True):
    """What the user set for a provider's connection; absent means as the row says."""

    model: str | None = None
    base_url: str | None = None
    api_key: Secret | None = None
    dialect: Dialect | None = None
    headers: dict[str, Secret] = {}
    silence_s: float | None = None
    verify_tls: bool = True


class Endpoint(Struct, frozen=True, kw_only=True):
    """Everything a dialect needs to send a request; ``base_url`` is empty for the mock."""

    provider: Provider
    dialect: Dialect
    base_url: str
    credential: Credential
    chat_path: str | None = None
    headers: dict[str, Secret] = {}
    silence_s: float | None = None
    """The longest gap accepted; absent: the adapter's own limits."""
    verify_tls: bool = True

    def redact(self, text: str) -> str:
        """The text without the key and without the values of the user's own headers."""
        for value in self.headers.values():
            for part in (value.reveal(), *value.reveal().split()):
                text = Secret(part).redact(text) if len(part) >= SHORTEST_SECRET else text
        return self.credential.secret.redact(text) if self.credential.secret else text


class OpenConnection(Struct, frozen=True, kw_only=True):
    """A connection the user made, as ``provider/status`` shows it, with its overrides."""

    provider: Provider
    overrides: Overrides
    view: Connection


def wire_format(row: Provider, model: str | None, override: Dialect | None) -> tuple[Dialect, str | None]:
    """The dialect for a model and the completion path that goes with it: override, row's rule, row's default."""
    if override is not None:
        return override, row.wire.chat_path if override == row.dialect else None
    for rule in row.dialect_rules:
        if model is not None and fnmatchcase(model, rule.models):
            return rule.dialect, rule.chat_path
    return row.dialect, row.wire.chat_path


def base_url(row: Provider, override: str | None, environment: Mapping[str, str]) -> str:
    """The address in force: the user's, else the environment's, else the row's; without a slash at the end.

    Raises:
        InvalidParams: there is none, it is not an http(s) address, or a variable it is made of is not set.
    """
    if override is not None:
        return _tidy(override, row, "baseUrl")
    for variable in row.base_url_env_vars:
        if value := environment.get(variable, "").strip():
            return _tidy(value, row, variable)
    if row.base_url is None:
        if row.dialect == "mock":
            return ""
        raise InvalidParams(
            f"{row.display_name} has no address of its own: give baseUrl.{' ' + row.notice if row.notice else ''}",
            field="baseUrl",
            provider=row.id,
            action="give baseUrl",
        )
    return _fill(row, row.base_url, environment)


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine; the empty one of the mock is."""
    return not url or re.match(r"https?://(localhost|127(\.\d+){3}|\[::1\])(?![\w.-])", url) is not None


def _fill(row: Provider, template: str, environment: Mapping[str, str]) -> str:
    names = re.findall(r"\{([A-Z0-9_]+)\}", template)
    unset = [name for name in names if not environment.get(name)]
    if unset:
        raise InvalidParams(
            f"{row.display_name}'s address is made of {' and '.join(unset)}: set {unset[0]}, or give baseUrl.",
            field="baseUrl",
            provider=row.id,
            action=f"set {unset[0]}",
        )
    # People have some of these set as a whole address, for the vendor's own tools.
    values = {name: environment[name].strip().partition("://") for name in names}
    return re.sub(
        r"\{([A-Z0-9_]+)\}", lambda match: (values[match[1]][2] or values[match[1]][0]).rstrip("/"), template
    ).rstrip("/")


def _tidy(text: str, row: Provider, field: str) -> str:
    """An address as people write it: a local server's scheme, port and host where they left them out."""
    local = row.connection_type == "local"
    scheme, separator, rest = text.strip().partition("://")
    bare = not separator
    if bare:
        scheme, rest = "http" if local else "https", scheme
    authority, slash, path = rest.partition("/")
    host, port = _split_port(authority)
    scheme = scheme.casefold()
    sound = re.fullmatch(r"[\w.\-:%]*", host) and re.fullmatch(r"\d{0,5}", port) and int(port or 0) <= LAST_PORT
    sound = sound and re.fullmatch(r"[!$-;=@-~]*", path)
    if scheme not in ("http", "https") or not sound or not (host or local):
        raise InvalidParams(
            f'"{text}" is not an address that {row.display_name} can be called at: '
            "write something like https://host/path.",
            field=field,
            provider=row.id,
            action="correct the address",
        )
    # A server that listens everywhere is called on this machine.
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  replaced, not bound
    if bare and not port and row.base_url and local:
        port = _split_port(row.base_url.partition("://")[2].partition("/")[0])[1]
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{':' + port if port else ''}{slash}{path}".rstrip("/")


def _split_port(authority: str) -> tuple[str, str]:
    if match := re.fullmatch(r"\[([^\]]*)\](?::(\d*))?", authority):
        return match[1], match[2] or ""
    if authority.count(":") > 1:
        return authority, ""
    host, _, port = authority.partition(":")
    return host, port
