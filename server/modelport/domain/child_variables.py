"""The variables of this process as programs that it starts get them: proxies without a password."""

from __future__ import annotations

from collections.abc import Mapping

from modelport.protocol.secret import SecretValues


def without_log_ins(variables: Mapping[str, str]) -> SecretValues[str]:
    """The variables; of a proxy such as ``http://user:password@host:3128`` only the address is left."""
    return SecretValues(
        {name: _address(value) if _is_proxy(name, value) else value for name, value in variables.items()}
    )


def _is_proxy(name: str, value: str) -> bool:
    return name.casefold().endswith("_proxy") and "@" in value


def _address(proxy: str) -> str:
    # A password may hold an @ and a slash; an address of a proxy holds neither behind its log-in.
    scheme, separator, _ = proxy.partition("://")
    address = proxy.rpartition("@")[2]
    return f"{scheme}{separator}{address}" if separator else address
