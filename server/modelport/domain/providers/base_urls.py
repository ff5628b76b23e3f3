"""Base URLs as people write them: a scheme left out, a whole path pasted, a version given twice, a query behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from modelport.domain.errors import InvalidParams
from modelport.domain.providers.rows import Provider
from modelport.protocol.types import Dialect

MAX_PORT = 65535
SCHEMES = ("http", "https")
PASTED = " \t\r\n\"'`"
"""What stands around an address where it was copied from."""
CHAT_PATHS: Mapping[Dialect, str] = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "openai_completions": "/completions",
    "anthropic_messages": "/v1/messages",
    "gemini": "/v1beta/models/{model}:streamGenerateContent?alt=sse",
    "ollama": "/api/chat",
    "bedrock_converse": "/model/{model}/converse-stream",
    "cohere_chat": "/v2/chat",
    "opencode": "/session",
    "mock": "",
}
"""The path of a completion behind the base URL, in each dialect."""
_OTHER_PATHS = tuple(
    tuple(path.split("/"))
    for path in (
        "chat/completions",
        "completions",
        "responses",
        "messages",
        "messages/count_tokens",
        "embeddings",
        "moderations",
        "images/generations",
        "api/chat",
        "api/generate",
        "api/tags",
        "api/embed",
        "v1/models",
        "v1beta/models",
        "model/{model}/converse",
        "model/{model}/invoke",
        "model/{model}/invoke-with-response-stream",
    )
)
"""Paths that people paste whole, whatever the dialect."""
_VERSION = re.compile(r"v\d+\w*", re.IGNORECASE)
_HEAD = re.compile(r"v\d+\w*|api", re.IGNORECASE)
"""The first part of a path that a dialect may bring, and a base URL may end with as well."""
_SECRET_NAME = re.compile(r"key|token|secret|passw|pwd|auth|credential|signature|^(x-amz-)?sig$|^code$", re.IGNORECASE)
_PUBLIC_NAME = re.compile(r"(api[-_]?)?version|alt|beta|region|limit|page_?size", re.IGNORECASE)


class BaseUrl(Struct, frozen=True):
    """An address to append paths to, without a slash at the end, and the query that goes behind each path."""

    url: str
    query: str = ""

    @property
    def text(self) -> str:
        """Both in one, as a person writes it."""
        return f"{self.url}?{self.query}" if self.query else self.url


def read_base_url(text: str, row: Provider, field: str, chat_path: str | None = None) -> BaseUrl:
    """The base URL that a text means for a provider, whose completions are at ``chat_path`` behind it.

    A local server's scheme, port and host are filled in where they are left out. The path of a completion, or of
    another request, is taken off the end, as is a version that ``chat_path`` begins with.

    Raises:
        InvalidParams: it is not an http(s) address, or it holds a secret.
    """
    local = row.connection_type == "local"
    chat_path = chat_path or row.wire.chat_path or CHAT_PATHS[row.dialect]
    scheme, separator, location = text.strip(PASTED).partition("://")
    bare = not separator
    if bare:
        location = scheme
    location, _, query = location.partition("?")
    authority, _, path = location.partition("/")
    host, port = split_port(authority)
    host = host.casefold()
    scheme = ("http" if local or is_loopback_host(host) else "https") if bare else scheme.casefold()
    sound = re.fullmatch(r"[\w.\-:%]*", host) and re.fullmatch(r"\d{0,5}", port) and int(port or 0) <= MAX_PORT
    sound = sound and re.fullmatch(r"[!$-;=@-~]*", path) and re.fullmatch(r"[!$-;=?-~]*", query)
    advice = _advice(authority, query, text)
    if bare and host in SCHEMES:
        advice = f'with "://" behind {host}'
    if scheme not in SCHEMES or not sound or advice or not (host or local):
        advice = " ".join(filter(None, ("write something like https://host/path", advice)))
        raise InvalidParams(
            f'"{shown(text)}" is not an address that {row.display_name} can be called at: {advice}.',
            field=field,
            provider=row.id,
            action=advice,
        )
    # A server that listens on all interfaces is called on this machine.
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  replaced, not bound
    if bare and not port and row.base_url and local:
        port = split_port(row.base_url.partition("://")[2].partition("/")[0])[1]
    folders = _without_request_path(_without_empty_end(path.lstrip("/").split("/")), chat_path)
    name = f"[{host}]" if ":" in host else host
    url = "/".join((f"{scheme}://{name}{':' + port if port else ''}", *folders)).rstrip("/")
    return BaseUrl(url, _without_own(query, chat_path.partition("?")[2]))


def join(base_url: str, path: str, query: str) -> str:
    """The address of a request: the path behind the base URL, and both queries, the path's own first."""
    before, _, own = path.partition("?")
    both = "&".join(filter(None, (own, _without_own(query, own))))
    return f"{base_url}{before}?{both}" if both else base_url + before


def with_version(base_url: str, row: Provider, dialect: Dialect) -> str | None:
    """The base URL with the path that was probably left out, such as ``/v1``; None where there is nothing to add."""
    scheme, separator, location = base_url.partition("://")
    host, _, path = location.partition("/")
    if not dialect.startswith("openai_") or any(_VERSION.fullmatch(folder) for folder in path.split("/")):
        return None
    usual = (row.base_url or "").partition("://")[2].partition("/")[2]
    folders = usual if usual and not path and "{" not in usual else f"{path}/v1".lstrip("/")
    return None if folders == path else f"{scheme}{separator}{host}/{folders}"


def version_hint(base_url: str, dialect: Dialect) -> str:
    """A remark on how base URLs of a dialect end, for one that may lack it."""
    return " (most end in /v1)" if dialect.startswith("openai_") and "/v1" not in base_url else ""


def server_part(url: str) -> str:
    """The address without what may be pasted behind a base URL: the path of a request, and a query."""
    scheme, separator, location = url.partition("?")[0].partition("://")
    host, *folders = location.split("/")
    return "/".join((f"{scheme}{separator}{host}", *_without_request_path(_without_empty_end(folders), "")))


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine, whatever a name service says."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host) is not None


def shown(url: str) -> str:
    """An address fit to be shown: without a log-in, without a fragment, and without values that may be secret."""
    scheme, separator, location = url.strip().partition("://") if "://" in url else ("", "", url.strip())
    # A password may hold any sign, also those that would end it.
    authority = re.split(r"[/?#]", location, maxsplit=1)[0]
    if "@" in authority or ("@" in location and not re.fullmatch(r"[^:]*(:\d*)?|\[.*\](:\d*)?", authority)):
        location = location.rpartition("@")[2]
    address, mark, query = location.partition("#")[0].partition("?")
    authority, slash, path = address.partition("/")
    fields = [name if _is_public(name) else re.sub("=.*", "=…", name) for name in query.split("&")]
    return f"{scheme}{separator}{authority}{slash}{path}{mark}{'&'.join(fields)}"


def split_port(authority: str) -> tuple[str, str]:
    """The host and the port of an authority; empty for none."""
    if match := re.fullmatch(r"\[([^\]]*)\](?::(.*))?", authority):
        return match[1], match[2] or ""
    if authority.count(":") > 1:
        return authority, ""
    host, _, port = authority.partition(":")
    return host, port


def _advice(authority: str, query: str, text: str) -> str:
    """How to write an address that holds what no base URL may; empty for nothing of the kind."""
    if "@" in authority:
        return 'without "user:password@", which belongs into a header'
    secrets = [name for field in query.split("&") if _SECRET_NAME.search(name := field.partition("=")[0])]
    if secrets:
        return f"without {secrets[0]}=…, and set it as the provider's API key"
    return 'without "#" and what follows' if "#" in text else ""


def _is_public(field: str) -> bool:
    return _PUBLIC_NAME.fullmatch(field.partition("=")[0]) is not None


def _without_own(query: str, own: str) -> str:
    """The query without the fields that another one has as well."""
    names = {field.partition("=")[0] for field in own.split("&")}
    return "&".join(field for field in query.split("&") if field and field.partition("=")[0] not in names)


def _without_request_path(folders: Sequence[str], chat_path: str) -> list[str]:
    kept = list(folders)
    template = chat_path.partition("?")[0].strip("/").split("/")
    while kept and (length := _overlap(kept, template)):
        kept = _without_empty_end(kept[:-length])
    return kept


def _overlap(folders: Sequence[str], template: Sequence[str]) -> int:
    """How many parts at the end of a path belong to a request and not to the base URL."""
    for parts in _OTHER_PATHS:
        if len(parts) <= len(folders) and all(map(_is, folders[-len(parts) :], parts)):
            # Whether the version is the request's, the template says.
            return len(parts) - 1 if _VERSION.fullmatch(parts[0]) else len(parts)
    may_be_cut = _HEAD.fullmatch(template[0]) is not None
    for length in range(min(len(folders), len(template)), 0, -1):
        if (may_be_cut or length == len(template)) and all(map(_fits, folders[-length:], template)):
            return length
    return 0


def _fits(folder: str, part: str) -> bool:
    """Whether a part of a path is the one in a template; one version fits another, and any where there is none."""
    if _VERSION.fullmatch(part):
        return _VERSION.fullmatch(folder) is not None
    if _HEAD.fullmatch(part):
        return _HEAD.fullmatch(folder) is not None
    return _is(folder, part)


def _is(folder: str, part: str) -> bool:
    """Whether a part of a path is the one in a template; any name fits a placeholder, any verb the one behind."""
    if "{" not in part:
        return folder == part
    return re.fullmatch(r"[^:]+:\w+" if ":" in part else r"[^:]+", folder) is not None


def _without_empty_end(folders: list[str]) -> list[str]:
    while folders and not folders[-1]:
        folders.pop()
    return folders
