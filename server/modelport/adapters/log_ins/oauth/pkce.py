"""Proofs that whoever redeems a code is who asked for it. Source: RFC 7636."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode

from msgspec import Struct

from modelport.protocol.secret import Secret

METHOD = "S256"


class Pkce(Struct, frozen=True):
    """A verifier, sent with the code, and its challenge, sent before."""

    verifier: Secret
    challenge: str


def new_pkce() -> Pkce:
    """A verifier of 43 characters that nobody can guess, with its challenge."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return Pkce(Secret(verifier), urlsafe_b64encode(digest).rstrip(b"=").decode())
