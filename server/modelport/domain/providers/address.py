"""The address of a provider: the user's, the environment's or the row's, with its placeholders filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from modelport.domain.errors import InvalidParams
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.base_urls import BaseUrl, read_base_url, split_port
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Dialect

OWN_DOMAINS = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost")
"""The ends of names that no public server has."""
_PLACEHOLDER = re.compile(r"\{([A-Z0-9_]+)\}")


def base_url(row: Provider, override: str | None, variables: Mapping[str, str]) -> str:
    """The address in force, as ``find`` finds it, with its query."""
    return find(row, override, variables).text


def find(
    row: Provider,
    override: str | None,
    variables: Mapping[str, str],
    *,
    dialect: Dialect | None = None,
    chat_path: str | None = None,
) -> BaseUrl:
    """The address in force: the user's, else the environment's, else the row's; an empty one for the mock.

    ``dialect`` is the wire format and ``chat_path`` the path of a completion behind the address, where they are not
    the row's.

    Raises:
        InvalidParams: there is none, it is not an http(s) address, or a setting it is made of is not set.
    """
    if override is not None:
        return read_base_url(override, row, "baseUrl", chat_path)
    for variable in row.base_url_env_vars:
        if value := variables.get(variable, "").strip():
            given = read_base_url(value, row, variable, chat_path)
            bare = given.url.count("/") == 2
            return BaseUrl(given.url + row.env_base_path, given.query) if bare else given
    template = _template(row, variables)
    if template is None:
        if (dialect or row.dialect) == "mock":
            return BaseUrl("")
        raise InvalidParams(
            f"{row.display_name} has no address of its own: give baseUrl.{' ' + row.notice if row.notice else ''}",
            field="baseUrl",
            provider=row.id,
            action="give baseUrl",
        )
    return BaseUrl(fill(template, row, variables).rstrip("/"))


def is_given(row: Provider, override: str | None, variables: Mapping[str, str]) -> bool:
    """Whether the address in force is the user's own or the environment's."""
    return override is not None or any(variables.get(variable, "").strip() for variable in row.base_url_env_vars)


def other_host(url: str, hosts: Mapping[str, str]) -> str | None:
    """The address with the first label of its host replaced, as the first matching pattern says; None if none matches.

    ``*`` in a pattern is exactly one label, so that a key only goes where it is meant to.
    """
    scheme, separator, location = url.partition("://")
    authority, slash, path = location.partition("/")
    host, colon, port = authority.partition(":")
    labels = host.casefold().split(".")
    for pattern, other in hosts.items():
        wanted = pattern.split(".")
        if len(wanted) == len(labels) and all(w in ("*", label) for w, label in zip(wanted, labels, strict=True)):
            return f"{scheme}{separator}{'.'.join([other, *labels[1:]])}{colon}{port}{slash}{path}"
    return None


def is_own_network(url: str) -> bool:
    """Whether an address is on this machine or in a network of the user's own, by its host alone."""
    host = split_port(url.partition("://")[2].partition("/")[0])[0].casefold().rstrip(".")
    if is_loopback(url) or host.endswith(OWN_DOMAINS):
        return True
    if ":" not in host and not re.fullmatch(r"[\d.]+", host):
        return "." not in host
    from ipaddress import ip_address

    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def is_proxy(url: str) -> bool:
    """Whether a text is the address of a proxy that can be used, with a log-in or without."""
    return re.fullmatch(r"(?:https?|socks(?:4a?|5h?)?)://([^\s/@]+@)?[\w.\-\[\]:]+/?", url) is not None


def is_collector(url: str) -> bool:
    """Whether a text is the address of a collector of telemetry: http or https, without a log-in and a query."""
    return re.fullmatch(r"https?://(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?(?:/[\w./~%:+-]*)?", url) is not None


def settings(row: Provider, variables: Mapping[str, str]) -> dict[str, str]:
    """The row's settings that have a value: from the first of their variables that is set, else their default."""
    values: dict[str, str] = {}
    for name, setting in row.settings.items():
        given = (variables.get(variable, "").strip() for variable in setting.env_vars or (name,))
        if value := next(filter(None, given), setting.default or ""):
            values[name] = value
    return values


def fill(template: str, row: Provider, variables: Mapping[str, str]) -> str:
    """A template with its ``{NAME}`` placeholders filled from the row's settings, else from the environment.

    Raises:
        InvalidParams: one of them is not set.
    """
    names = _PLACEHOLDER.findall(template)
    if not names:
        return template
    values = _values(names, row, variables)
    unset = [name for name in names if not values[name]]
    if unset:
        raise InvalidParams(
            f"{row.display_name}'s address is made of {' and '.join(unset)}: set {unset[0]}, or give baseUrl.",
            field="baseUrl",
            provider=row.id,
            action=f"set {unset[0]}",
        )
    # People have some of these set as a whole address, for the vendor's own tools.
    filled = {name: value.partition("://")[2] or value for name, value in values.items()}
    return _PLACEHOLDER.sub(lambda match: filled[match[1]].rstrip("/"), template)


def headers(row: Provider, variables: Mapping[str, str]) -> dict[str, str]:
    """The row's headers, without those that are made of something that is not set."""
    filled: dict[str, str] = {}
    for name, template in row.headers.items():
        values = _values(_PLACEHOLDER.findall(template), row, variables)
        if all(values.values()):
            filled[name] = _PLACEHOLDER.sub(lambda match, values=values: values[match[1]], template)
    return filled


def _values(names: list[str], row: Provider, variables: Mapping[str, str]) -> dict[str, str]:
    known = settings(row, variables)
    return {name: known.get(name, variables.get(name, "")).strip() for name in names}


def _template(row: Provider, variables: Mapping[str, str]) -> str | None:
    known = settings(row, variables)
    for rule in row.base_url_rules:
        if fnmatchcase(known.get(rule.setting, ""), rule.value):
            return rule.base_url
    return row.base_url
