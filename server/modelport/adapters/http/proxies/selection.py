"""The proxy in front of an address: the configuration's, else the environment's."""

from __future__ import annotations

import os

from modelport.domain.loopback import is_loopback
from modelport.protocol.secret import Secret

NO_PROXY = Secret("")


def proxy_for(base_url: str, chosen: Secret | None) -> Secret:
    """The proxy in front of an address: the chosen one, else the environment's; never for this machine's own."""
    if is_loopback(base_url):
        return NO_PROXY
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    url, proxies = urlsplit(base_url), getproxies()
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    if proxy_bypass(f"[{host}]:{port}" if ":" in host else f"{host}:{port}") or _is_excluded(host):
        return NO_PROXY
    if chosen is not None:
        return chosen
    found = proxies.get(url.scheme) or proxies.get("all") or ""
    return Secret(found if "://" in found or not found else f"http://{found}")


def _is_excluded(host: str) -> bool:
    """Whether NO_PROXY names a host in a way unknown to ``urllib``: ``10.0.0.0/8``, ``*.example.com``, ``::1``."""
    names = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    return any(_fits(host, name.strip()) for name in names)


def _fits(host: str, name: str) -> bool:
    if name.startswith("*.") and len(name) > 2:
        return host.endswith(name[1:].casefold())
    if "/" not in name and ":" not in name:
        return False
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(name.strip("[]"), strict=False)
    except ValueError:
        return False
