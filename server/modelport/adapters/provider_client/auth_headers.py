"""The headers of a request, with its credential."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import is_secret_header
from modelport.protocol.secret import Secret, SecretValues

ANTHROPIC_OAUTH_PREFIX = "sk-ant-oat"
"""Anthropic's OAuth tokens travel as bearer tokens with a beta header. Source: Anthropic API, authentication."""


def request_headers(endpoint: Endpoint, *, own_key_header: str, more: dict[str, str]) -> SecretValues[str]:
    """The dialect's headers (``more``), the row's, the credential, and the user's own last, each name once.

    ``own_key_header`` is where the dialect itself puts a key; it counts when the user chose the
    dialect for an endpoint of their own, since the row then has nothing about it.
    """
    headers: dict[str, tuple[str, Secret]] = {}

    def put(name: str, value: Secret) -> None:
        headers[name.casefold()] = (name, value)

    for name, text in (more | endpoint.row_headers).items():
        put(name, Secret(text))
    if key := endpoint.credential.secret:
        bearer = Secret(f"Bearer {key.reveal()}")
        if key.startswith(ANTHROPIC_OAUTH_PREFIX):
            put("Authorization", bearer)
            put("anthropic-beta", Secret("oauth-2025-04-20"))
        elif endpoint.key_header:
            put(endpoint.key_header, bearer if endpoint.bearer else key)
        else:
            put(own_key_header, bearer if own_key_header == "Authorization" else key)
    for name, value in endpoint.headers.items():
        put(name, value)
    return SecretValues({name: value.reveal() for name, value in headers.values()})


def with_tokens(endpoint: Endpoint, signature: Mapping[str, str]) -> Endpoint:
    """The endpoint with the tokens among the headers of a signature, which is itself good for one request only."""
    tokens = {
        name: Secret(value)
        for name, value in signature.items()
        if is_secret_header(name) and name.casefold() != "authorization"
    }
    return replace(endpoint, headers=endpoint.headers | tokens) if tokens else endpoint
