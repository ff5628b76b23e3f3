"""Keeps prompts and keys from programs of other accounts that listen at the usual port of a provider's server."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from modelport.domain.local.listeners import Ends, PortListeners, admitted, carries_key, owner, permitted
from modelport.domain.loopback import is_loopback
from modelport.domain.providers.connection import Endpoint
from modelport.lazy import Lazy
from modelport.protocol.types import ResolutionStep


class ListenerGuard:
    """Applies the table of ``domain/local/listeners`` to an endpoint before it is called, and to each new connection.

    The first look says what may be sent, and has nothing connect to a program that may have nothing. Whose program
    listens can change until there is a connection, on purpose too; then its two ends say it for good.
    """

    def __init__(self, listeners: Lazy[PortListeners]) -> None:
        self._listeners = listeners

    async def permitted(self, endpoint: Endpoint, step: ResolutionStep) -> Endpoint:
        """The endpoint, without its key where the listener may not have that; ``step`` is what chose the provider.

        Raises:
            RequestFailed: nothing may be sent to the listener.
        """
        if endpoint.address_given or not endpoint.base_url or not is_loopback(endpoint.base_url):
            return endpoint
        listeners = await self._listeners.get()
        if not (listeners.sees_others or carries_key(endpoint)):
            # Nothing that could be seen would change what is sent.
            return endpoint
        url = urlsplit(endpoint.base_url)
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await listeners.at(url.hostname or "", port)
        allowed = permitted(endpoint, owner(found, endpoint.provider), step)
        return replace(allowed, listener_for=step) if listeners.sees_others else allowed

    async def admit(self, endpoint: Endpoint, ends: Ends) -> None:
        """Looks at the other end of a connection that has just been opened for an endpoint, before anything is sent.

        Raises:
            RequestFailed: what would be sent is not for the program there.
        """
        listeners = await self._listeners.get()
        admitted(endpoint, owner(await listeners.of_connection(ends), endpoint.provider))
