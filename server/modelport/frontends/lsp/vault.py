"""The vault of the client, by requests to it: ``credential/store``, ``load`` and ``remove``."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modelport.borders import readable
from modelport.domain.errors import RequestFailed
from modelport.frontends.rpc.client_requests import ClientRequests, NoAnswer
from modelport.protocol.secret import Secret, forget_frames
from modelport.protocol.shapes import is_object
from modelport.protocol.types import LoadCredentialParams, RemoveCredentialParams, StoreCredentialParams

MAX_TEXT = 1024 * 1024
MAX_REASON = 100


def offers_vault(capabilities: object) -> bool:
    """Whether the capabilities in the params of ``initialize`` have ``experimental.modelport.credentialStore``."""
    experimental = capabilities.get("experimental") if is_object(capabilities) else None
    own = experimental.get("modelport") if is_object(experimental) else None
    return is_object(own) and own.get("credentialStore") is True


class ClientVault:
    """Stores, loads and removes texts in the client's vault. Its errors are ends of sentences."""

    def __init__(self, requests: ClientRequests, client: str | None) -> None:
        self._requests = requests
        self.client = client or "client"

    async def store(self, provider: str, name: str | None, text: Secret, timeout_s: float) -> None:
        """Has the client keep a text.

        Raises:
            RequestFailed: it answers with an error, or not in time.
        """
        # The client's words may repeat what it was sent.
        await self._send(
            "credential/store",
            StoreCredentialParams(provider=provider, name=name, secret=text.reveal()),
            timeout_s,
            quoted=False,
        )

    async def load(self, provider: str, name: str | None, timeout_s: float) -> Secret | None:
        """The text that the client keeps, or None.

        Raises:
            RequestFailed: it answers with an error, with something else, or not in time.
        """
        result = await self._send("credential/load", LoadCredentialParams(provider=provider, name=name), timeout_s)
        text = result.get("secret") if is_object(result) else None
        if text is None or text == "":
            return None
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise RequestFailed("keyring_unavailable", "its answer is no text")
        return Secret(text)

    async def remove(self, provider: str, name: str | None, timeout_s: float) -> None:
        """Has the client delete a text.

        Raises:
            RequestFailed: it answers with an error, or not in time.
        """
        await self._send("credential/remove", RemoveCredentialParams(provider=provider, name=name), timeout_s)

    async def _send(self, method: str, params: Struct, timeout_s: float, *, quoted: bool = True) -> Any:
        try:
            return await self._requests.send(method, params, timeout_s)
        except NoAnswer as error:
            # In these frames, and this one, is what was to be stored.
            forget_frames(error)
            params = RemoveCredentialParams(provider="")
            reason = " ".join(readable(str(error)).split())[:MAX_REASON].rstrip(".") if quoted else ""
            raise RequestFailed("keyring_unavailable", reason or "it did not store the key") from (
                error if quoted else None
            )
