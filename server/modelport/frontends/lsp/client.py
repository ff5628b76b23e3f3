"""The client of a session: its name, what it offers, and the requests that are sent to it."""

from __future__ import annotations

from typing import Any

from modelport.borders import readable
from modelport.frontends.lsp.vault import ClientVault, offers_vault
from modelport.frontends.rpc.client_requests import ClientRequests, Outgoing
from modelport.protocol.shapes import is_object


class Client:
    """What is known of the client; nothing before it has introduced itself."""

    def __init__(self, outbox: Outgoing) -> None:
        self.requests = ClientRequests(outbox)
        self.name: str | None = None
        self.shows_messages = False
        self.opens_pages = False
        """Whether the client can open a page in the user's browser."""
        self._has_vault = False

    def introduce(self, params: dict[str, Any]) -> None:
        """Takes the name and the capabilities from the params of ``initialize``; malformed ones count as absent."""
        info = params.get("clientInfo")
        name = info.get("name") if is_object(info) else None
        self.name = readable(name)[:100] if isinstance(name, str) and name else None
        capabilities = params.get("capabilities")
        window = capabilities.get("window") if is_object(capabilities) else None
        self.shows_messages = is_object(window) and is_object(window.get("showMessage"))
        document = window.get("showDocument") if is_object(window) else None
        self.opens_pages = is_object(document) and document.get("support") is True
        self._has_vault = offers_vault(capabilities)

    @property
    def vault(self) -> ClientVault | None:
        """Its vault, where it offers one."""
        return ClientVault(self.requests, self.name) if self._has_vault else None
