"""A client with a vault of its own, as VS Code has one: answers the server's requests while a test waits for others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from support.server_process import ServerProcess

Answer = Callable[[str, dict[str, Any]], dict[str, Any] | None]
OFFER = {"experimental": {"modelport": {"credentialStore": True}}}


class VaultClient(ServerProcess):
    """A started server whose client offers a vault; ``answer`` may answer otherwise, None being no answer at all."""

    def __init__(self, *, texts: dict[tuple[str, str | None], str] | None = None, **more: Any) -> None:
        super().__init__(read=False, **more)
        self.texts: dict[tuple[str, str | None], str] = {} if texts is None else texts
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Answer = self.kept
        self._writing = threading.Lock()
        vault = self

        class Unasked(queue.Queue):
            def put(self, item: Any, *args: Any, **kwargs: Any) -> None:
                if not (isinstance(item, dict) and str(item.get("method")).startswith("credential/") and "id" in item):
                    super().put(item, *args, **kwargs)
                    return
                vault.asked.append((item["method"], item["params"]))
                answer = vault.answer(item["method"], item["params"])
                if answer is not None:
                    vault.send({"jsonrpc": "2.0", "id": item["id"], **answer})

        self._messages = Unasked()
        self.start_reading()

    def initialize(self, **params: Any) -> dict[str, Any]:
        return super().initialize(**{"capabilities": OFFER, "clientInfo": {"name": "Vault Editor"}, **params})

    def kept(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer of a vault that works."""
        entry = params["provider"], params.get("name")
        if method == "credential/load":
            return {"result": {"secret": self.texts.get(entry)}}
        if method == "credential/store":
            self.texts[entry] = params["secret"]
        else:
            self.texts.pop(entry, None)
        return {"result": {}}

    def send_bytes(self, data: bytes) -> None:
        with self._writing:
            super().send_bytes(data)
