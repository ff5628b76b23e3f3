"""Standard LSP requests, served by pygls behind our boundary.

pygls and lsprotocol cost a quarter of a second and 20 MB to load, so they are loaded in a worker
thread by the first request that needs them. Our own loop has read, checked and registered the
request by then; pygls converts it to its type and calls the feature, and never touches the pipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from modelport.domain.errors import InvalidParams
from modelport.frontends.lsp.handlers.table import HANDLERS, handle
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.lazy import Lazy
from modelport.protocol.methods import METHODS

if TYPE_CHECKING:
    from modelport.frontends.lsp.language_server import Features

COMMAND_PREFIX = "modelport."


class StandardMethods:
    """The standard requests this build serves."""

    METHODS: ClassVar[frozenset[str]] = frozenset({"workspace/executeCommand"})

    def __init__(self, session: Session) -> None:
        self._session = session
        self._features = Lazy(self._load)

    async def request(self, raw: dict[str, Any]) -> Any:
        """The result of a standard request, as JSON values.

        Raises:
            InvalidParams: the params do not fit the LSP's type.
        """
        return await (await self._features.get()).request(raw)

    async def execute(self, command: str, arguments: list[Any] | None) -> Any:
        """Runs a method of the contract as a command: ``modelport.usage.summary`` with its params as the argument.

        Raises:
            InvalidParams: there is no such command, or it has more than one argument.
        """
        method = command.removeprefix(COMMAND_PREFIX).replace(".", "/", 1)
        if not command.startswith(COMMAND_PREFIX) or method not in HANDLERS:
            raise InvalidParams(f"There is no command {command[:100]}; initialize lists them all.", field="command")
        if len(arguments or ()) > 1:
            raise InvalidParams("arguments must have one item, the params of the method.", field="arguments")
        params = messages.convert(arguments[0] if arguments else {}, METHODS[method])
        return await handle(self._session, method, params)

    def _load(self) -> Features:
        from modelport.frontends.lsp.language_server import Features

        return Features(self.execute)
