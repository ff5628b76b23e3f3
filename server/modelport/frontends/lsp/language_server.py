"""The features that pygls serves; importing this module loads pygls and lsprotocol."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from modelport.domain.errors import InvalidParams
from modelport.protocol.initialize import VERSION
from modelport.protocol.shapes import is_list, is_object

Execute = Callable[[str, list[Any] | None], Awaitable[Any]]


class Features:
    """A pygls server without input or output of its own: it types a request and calls its feature.

    Handlers are awaited in the caller's task, so that a cancelled request is cancelled all the way
    down, which pygls' own dispatch does not do for commands.
    """

    def __init__(self, execute: Execute) -> None:
        # pygls logs whole messages, keys included; our boundary reports what pygls refuses.
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
        self._server = LanguageServer("modelport", VERSION)

        @self._server.feature(types.WORKSPACE_EXECUTE_COMMAND)
        async def execute_command(params: types.ExecuteCommandParams) -> Any:
            return await execute(params.command, list(params.arguments or ()))

    async def request(self, raw: dict[str, Any]) -> Any:
        """The feature's result for a request whose JSON is parsed already.

        Raises:
            InvalidParams: the params do not fit the type lsprotocol has for the method.
        """
        protocol = self._server.protocol
        params = raw.get("params")
        if is_object(params) and not is_list(params.get("arguments") or []):
            # lsprotocol takes an object for the list of its names.
            raise InvalidParams("arguments must be a list.", field="arguments")
        try:
            message: Any = protocol.structure_message(raw)
        except JsonRpcException as error:
            raise InvalidParams(f"The params do not fit {raw['method']}.", field="params") from error
        manager: Any = protocol.fm
        features: dict[str, Callable[[Any], Awaitable[Any]]] = manager.features
        return await features[raw["method"]](message.params)
