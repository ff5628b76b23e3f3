"""Shared by the operations: paths behind a base URL, and readers of JSON replies."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from modelport.adapters.wire.errors import ProviderRefused
from modelport.adapters.wire.json_values import decode, refuse
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.shapes import is_list, is_object

GOOGLE_PATH = "/v1beta/models/{model}:"
_ANYTHING = msgspec.json.Decoder()


def placed(base_url: str, path: str) -> tuple[str, str]:
    """The base URL and the path behind it; each ``/..`` in front of the path leaves a part of the base URL out."""
    while path.startswith("/../"):
        path = path[3:]
        scheme, separator, rest = base_url.partition("://")
        host, slash, folders = rest.partition("/")
        kept = folders.rpartition("/")[0]
        base_url = scheme + separator + host + (slash + kept if kept else "")
    return base_url, path


def google_path(endpoint: Endpoint, model: str, verb: str) -> str:
    """The path of a method of Google's on a model, beside the one that answers."""
    head = (endpoint.chat_path or GOOGLE_PATH).partition("{model}")[0]
    return f"{head}{quote(google_model(model), safe='')}:{verb}"


def google_model(model: str) -> str:
    """A model's name without the collection it is in."""
    return model.removeprefix("models/")


def read(body: bytes) -> dict[str, Any]:
    """The object in a body; a list of one counts as its entry, as Google's proxies send it.

    Raises:
        NotUnderstood: it is not JSON, or neither an object nor an error.
        ProviderRefused: it holds an error and nothing else.
    """
    value = decode(_ANYTHING, body)
    if is_list(value) and len(value) == 1:
        value = value[0]
    if not is_object(value):
        refuse(body)
    if value.get("error"):
        raise ProviderRefused(body)
    return value


def at(value: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if is_object(value) else None
    return value


def count_at(value: Any, path: str) -> int | None:
    """A count of tokens at a dotted path; None for anything that cannot be one."""
    number = at(value, path)
    if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
        return None
    return int(number)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none of anything else."""
    return [entry for entry in value if is_object(entry)] if is_list(value) else []
