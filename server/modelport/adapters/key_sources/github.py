"""Tokens in the files of GitHub's command line and of Copilot's plug-ins.

Source: GitHub CLI manual, ``gh auth login`` and ``hosts.yml``; Copilot's ``apps.json`` and ``hosts.json``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from modelport.adapters.key_sources.documents import Document, json_object, yaml_object
from modelport.adapters.key_sources.key_maps import own_log_in
from modelport.domain.key_imports.found import FoundFile, FoundKey, KeptLogIn
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_object

HOST = "github.com"
"""The host whose tokens the services of GitHub take; those of a company's own host are for that host."""
TOKEN = "oauth_token"  # noqa: S105  the name of a field
RENEWED = ("refresh_token", "expires_at")
"""Fields of a token that its program renews."""


def of_command_line(document: Document, _variables: Collection[str]) -> FoundFile:
    """The token of ``gh`` where it is in the file; newer versions keep it in the system's keyring."""
    host = yaml_object(document.text).get(HOST)
    if not is_object(host):
        return FoundFile()
    if isinstance(token := host.get(TOKEN), str) and token.strip():
        return FoundFile(keys=[_key(document, f"{HOST}.{TOKEN}", token)])
    reason = "The GitHub CLI keeps this token in the system's keyring: gh auth token prints it for modelport keys set "
    provider = document.source.provider
    return FoundFile(
        log_ins=[KeptLogIn(place=document.place(HOST, HOST), reason=f"{reason}{provider}.", provider=provider)]
    )


def of_copilot(document: Document, _variables: Collection[str]) -> FoundFile:
    """The token of Copilot's plug-ins; the entry names the application that it was made for."""
    for name, entry in sorted(json_object(document.text).items()):
        if name.partition(":")[0] != HOST or not is_object(entry):
            continue
        if any(entry.get(field) for field in RENEWED):
            return FoundFile(log_ins=[own_log_in(document, name, document.source.provider)])
        if isinstance(token := entry.get(TOKEN), str) and token.strip():
            return FoundFile(keys=[_key(document, f"{name}.{TOKEN}", token)])
    return FoundFile()


def _key(document: Document, entry: str, token: Any) -> FoundKey:
    return FoundKey(place=document.place(entry, token), secret=Secret(token.strip()), provider=document.source.provider)
