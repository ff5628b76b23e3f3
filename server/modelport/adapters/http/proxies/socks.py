"""Has a SOCKS proxy make a connection, over a socket that is connected to it.

Source: RFC 1928 (SOCKS 5), RFC 1929 (its user and password), the memos "SOCKS: a protocol for TCP proxy across
firewalls" (SOCKS 4) and "SOCKS 4A: a simple extension to SOCKS 4 protocol".
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx2

from modelport.adapters.http.proxies.address import Proxy
from modelport.protocol.secret import Secret, forget_frames

CONNECT = 1
NO_LOG_IN, PASSWORD, NONE_ACCEPTED = 0, 2, 0xFF
IPV4, NAME, IPV6 = 1, 3, 4
"""The forms of an address."""
GRANTED_4, IDENTD_4 = 90, (92, 93)
MAX_NAME_BYTES = 255
FAILURES_5 = {
    1: "failed",
    2: "does not allow this connection",
    3: "cannot reach the network",
    4: "cannot reach the host",
    5: "was refused the connection by the host",
    6: "gave up on the way to the host",
    7: "does not make connections",
    8: "does not take this form of an address",
}
"""The end of a sentence that begins with the proxy. Source: RFC 1928, section 6."""


async def connect_through(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Requests a connection to a host, and reads the proxy's reply and nothing behind it.

    Raises:
        httpx2.ProxyError: the proxy refuses, or it is no such proxy; the end of a sentence that begins with it.
        OSError: the connection broke, or the host has no address where this machine has to look for it.
    """
    peer = _Peer(sock)
    if proxy.protocol == "socks4":
        await _connect_4(peer, proxy, host, port)
    else:
        await _connect_5(peer, proxy, host, port)


class _Peer:
    """The proxy at the other end of a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._sock, data)

    async def read(self, count: int) -> bytes:
        """So many bytes, however they are cut."""
        data = b""
        while len(data) < count:
            more = await self._loop.sock_recv(self._sock, count - len(data))
            if not more:
                raise httpx2.ProxyError("closed the connection")
            data += more
        return data


async def _connect_5(peer: _Peer, proxy: Proxy, host: str, port: int) -> None:
    methods = bytes([NO_LOG_IN, PASSWORD] if proxy.user else [NO_LOG_IN])
    await peer.send(bytes([5, len(methods)]) + methods)
    version, method = await peer.read(2)
    if version != 5:
        raise httpx2.ProxyError("does not speak SOCKS 5")
    if method == PASSWORD and proxy.user:
        await _log_in(peer, proxy.user, proxy.password or Secret(""))
    elif method != NO_LOG_IN:
        raise httpx2.ProxyError(
            "takes another log-in than a user and a password" if proxy.user else "requires a log-in"
        )
    await peer.send(bytes([5, CONNECT, 0]) + _address(host) + port.to_bytes(2))
    version, reply, _, form = await peer.read(4)
    if version != 5:
        raise httpx2.ProxyError("does not speak SOCKS 5")
    if reply:
        raise httpx2.ProxyError(FAILURES_5.get(reply, f"failed with the code {reply}"))
    # Where the proxy's end of the connection is, which nothing here needs.
    sizes = {IPV4: 4, IPV6: 16}
    size = (await peer.read(1))[0] if form == NAME else sizes.get(form)
    if size is None:
        raise httpx2.ProxyError("does not speak SOCKS 5")
    await peer.read(size + 2)


async def _log_in(peer: _Peer, user: Secret, password: Secret) -> None:
    try:
        await peer.send(b"\1" + b"".join(bytes([len(part.encode())]) + part.encode() for part in (user, password)))
    except OSError as error:
        forget_frames(error)
        raise
    _, status = await peer.read(2)
    if status:
        raise httpx2.ProxyError("refuses the user or the password")


def _address(host: str) -> bytes:
    try:
        number = ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if len(name) > MAX_NAME_BYTES:
            raise httpx2.ProxyError(f"takes no name of more than {MAX_NAME_BYTES} bytes") from None
        return bytes([NAME, len(name)]) + name
    return bytes([IPV4 if number.version == 4 else IPV6]) + number.packed


async def _connect_4(peer: _Peer, proxy: Proxy, host: str, port: int) -> None:
    number, name = await _number(host, sends_names=proxy.sends_names)
    user = proxy.user or Secret("")
    if "\0" in user.reveal():
        raise httpx2.ProxyError("takes no user with a zero byte")
    await peer.send(bytes([4, CONNECT]) + port.to_bytes(2) + number + user.encode() + b"\0" + name)
    version, status = (await peer.read(8))[:2]
    if version not in (0, 4) or status < GRANTED_4:
        raise httpx2.ProxyError("does not speak SOCKS 4")
    if status in IDENTD_4:
        raise httpx2.ProxyError("refuses the user")
    if status != GRANTED_4:
        raise httpx2.ProxyError("refuses the connection, or cannot make it")


async def _number(host: str, *, sends_names: bool) -> tuple[bytes, bytes]:
    """The four bytes of an address, and the name where the proxy has to look it up."""
    try:
        number: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        if sends_names:
            # An address that no host has says that a name follows.
            return b"\0\0\0\1", host.encode("ascii") + b"\0"
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
        return socket.inet_aton(str(found[0][4][0])), b""
    if number.version == 6:
        raise httpx2.ProxyError("takes no IPv6 address, since it speaks SOCKS 4")
    return number.packed, b""
