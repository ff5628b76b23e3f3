"""The certificates that connections trust: the system's, those of the environment's variables, and a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from modelport.domain.errors import RequestFailed

if TYPE_CHECKING:
    import ssl

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What OpenSSL and the HTTP library read, the first that is set."""
OTHERS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What other libraries read, among them those of the cloud vendors' log-ins."""


def tls_context(*, verify: bool, ca_file: str | None) -> ssl.SSLContext:
    """The context of connections with TLS.

    Raises:
        RequestFailed: the certificates of a variable or of ``ca_file`` cannot be used.
    """
    import httpx2

    if verify and (stale := stale_variable(VARIABLES)) is not None:
        raise _unusable(*stale)
    try:
        tls = httpx2.create_ssl_context(verify=verify)
    except OSError as error:
        name = next((name for name in VARIABLES if os.environ.get(name)), None)
        if name is None:
            raise
        raise _unusable(name, os.environ[name]) from error
    if ca_file is not None and verify:
        _trust(tls, ca_file)
    tls.set_alpn_protocols(["http/1.1"])
    return tls


def no_tls() -> ssl.SSLContext:
    """The context where there is no TLS: it reads no file and trusts nobody."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def stale_variable(names: tuple[str, ...] = (*VARIABLES, *OTHERS)) -> tuple[str, str] | None:
    """The first variable that names a file or a folder that does not exist, and what it names."""
    given = ((name, os.environ.get(name, "")) for name in names)
    return next(((name, path) for name, path in given if path and not _exists(name, path)), None)


def _exists(name: str, path: str) -> bool:
    if name == "SSL_CERT_DIR":
        # A list of folders, of which one is enough.
        return any(Path(folder).is_dir() for folder in path.split(os.pathsep))
    return Path(path).is_file() or (name not in VARIABLES and Path(path).is_dir())


def _unusable(name: str, path: str) -> RequestFailed:
    return RequestFailed(
        "tls",
        f"{name} names {path}, where no certificates can be read: correct the variable, or unset it.",
        action=f"correct or unset {name}",
    )


def _trust(tls: ssl.SSLContext, ca_file: str) -> None:
    try:
        tls.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as error:
        # A missing file, one that may not be read, or one that holds no certificate: SSLError is an OSError. No path at
        # all is a ValueError.
        raise RequestFailed(
            "tls",
            "The file with certificates that ca_file names cannot be used: check that it is there and in PEM.",
            action="correct ca_file",
        ) from error
