"""The first requests of the Agent Client Protocol, and the results of their answers. Does no input or output.

Answers are judged by their shape and not by the version they name: agents of version 1 answer ``agentCapabilities``
and ``agentInfo``, those of the draft of version 2 ``capabilities`` and ``info``, and some name a version that they
do not speak.

Source: https://agentclientprotocol.com/protocol/v1/initialization, the schemas of @agentclientprotocol/sdk 2.4.0.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult
from modelport.protocol.shapes import is_id, is_list, is_object

PROTOCOL_VERSION = 1
INITIALIZE = 1
NEW_SESSION = 2
END_SESSION = 3
"""The ids of the requests that are sent; requests that end a session count up from the last one."""
AUTH_REQUIRED = -32000
METHOD_NOT_FOUND = -32601
UNSUPPORTED_VERSION = -32022
MAX_VERSION = 65_535
"""The largest version number that the schema allows."""
OPENED = "It opened a session."
MAX_MODELS = 500
MAX_ID_CHARS = 200
"""Of an id that is sent back; a request with a longer one is not answered."""


def initialize(version: str) -> dict[str, Any]:
    """The first request. It offers only a terminal to log in with, so that agents list such log-ins too."""
    return _request(
        INITIALIZE,
        "initialize",
        {
            "protocolVersion": PROTOCOL_VERSION,
            "clientInfo": {"name": "modelport", "title": "Modelport", "version": version},
            "clientCapabilities": {
                "fs": {"readTextFile": False, "writeTextFile": False},
                "terminal": False,
                "auth": {"terminal": True},
                # Agents from before the capability look here.
                "_meta": {"terminal-auth": True},
            },
        },
    )


def new_session(cwd: str) -> dict[str, Any]:
    """The request for a session in a folder."""
    return _request(NEW_SESSION, "session/new", {"cwd": cwd, "mcpServers": []})


def end_session(answer: dict[str, Any], capabilities: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The requests that close the session of an answer and delete it, as far as the agent supports that."""
    session = session_id(answer)
    if session is None:
        return []
    methods = [f"session/{name}" for name in ("close", "delete") if _can(name, capabilities or {})]
    return [_request(END_SESSION + n, method, {"sessionId": session}) for n, method in enumerate(methods)]


def not_offered(request: dict[str, Any]) -> dict[str, Any] | None:
    """The refusal of an agent's request; None for what is not a request, or cannot be answered."""
    asked = request.get("id")
    if "method" not in request or not is_id(asked) or len(str(asked)) > MAX_ID_CHARS:
        return None
    error = {"code": METHOD_NOT_FOUND, "message": "Method not found: Modelport only probes for agents."}
    return {"jsonrpc": "2.0", "id": asked, "error": error}


def is_answer(message: dict[str, Any], request_id: int) -> bool:
    """Whether a message answers one of our requests. An error without an id is one, since nothing else was sent."""
    if "method" in message:
        return False
    if message.get("id") is None:
        return "error" in message
    return message.get("id") == request_id and ("result" in message or "error" in message)


def initialized(answer: dict[str, Any], censor: Censor) -> HandshakeResult:
    """What the answer to ``initialize`` proves."""
    if (error := answer.get("error")) is not None:
        said = _said(error, censor)
        if _code(error) == AUTH_REQUIRED:
            return HandshakeResult(status="auth_required", auth="required", detail=said)
        if _code(error) == UNSUPPORTED_VERSION:
            other = f"It does not speak version {PROTOCOL_VERSION} of the protocol: {said}"
            return HandshakeResult(status="broken", detail=other)
        return HandshakeResult(status="broken", detail=f"It answered the first request with an error: {said}")
    result = answer.get("result")
    version = result.get("protocolVersion") if is_object(result) else None
    if not is_object(result) or not is_id(version) or (isinstance(version, int) and not 0 <= version <= MAX_VERSION):
        return HandshakeResult(status="broken", detail=f"It answered the first request with {_shape(result)}.")
    if "serverInfo" in result:
        other = "It speaks another protocol: its answer is that of a tool server (MCP)."
        return HandshakeResult(status="broken", detail=other)
    offered = result.get("authMethods")
    methods = censor.auth_methods([] if offered is None else offered)
    return HandshakeResult(
        status="ready",
        auth="not_required" if methods == () else "unknown",
        protocol_version=censor.text(version) if isinstance(version, str) else version,
        agent_info=_object(result, "agentInfo", "info", censor),
        capabilities=_object(result, "agentCapabilities", "capabilities", censor),
        auth_methods=methods,
    )


def session_opened(previous: HandshakeResult, answer: dict[str, Any], censor: Censor) -> HandshakeResult:
    """The result with what the answer to ``session/new`` adds."""
    if (error := answer.get("error")) is not None:
        said = _said(error, censor)
        if _code(error) == AUTH_REQUIRED:
            return msgspec.structs.replace(previous, status="auth_required", auth="required", detail=said)
        return msgspec.structs.replace(previous, status="not_configured", detail=f"It opened no session: {said}")
    result = answer.get("result")
    if session_id(answer) is None or not is_object(result):
        detail = f"It answered the request for a session with {_shape(result)}."
        return msgspec.structs.replace(previous, status="broken", detail=detail)
    models = _models(result)
    shown = None if models is None else tuple(dict.fromkeys(censor.text(one) for one in models[:MAX_MODELS]))
    # Some agents open a session without a log-in and require it for the first prompt, so this proves no log-in.
    detail = OPENED if previous.auth == "unknown" else previous.detail
    return msgspec.structs.replace(previous, models=shown, detail=detail)


def session_id(answer: dict[str, Any]) -> str | None:
    """The id of the session that an answer has opened."""
    result = answer.get("result")
    found = result.get("sessionId") if is_object(result) else None
    return found if isinstance(found, str) and 0 < len(found) <= MAX_ID_CHARS else None


def _request(number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _can(name: str, capabilities: dict[str, Any]) -> bool:
    """Whether sessions can be closed or deleted; in version 2 every agent with sessions can close them."""
    for field in ("sessionCapabilities", "session"):
        declared = capabilities.get(field)
        if is_object(declared):
            return declared.get(name) is not None or (name == "close" and field == "session")
    return False


def _object(result: dict[str, Any], name: str, newer: str, censor: Censor) -> dict[str, Any] | None:
    found = result.get(name) or result.get(newer)
    return censor.json(found) if is_object(found) else None


def _code(error: Any) -> Any:
    return error.get("code") if is_object(error) else None


def _said(error: Any, censor: Censor) -> str:
    """The message of an error. Libraries set it to ``Internal error``, and put the reason into the data."""
    if not is_object(error):
        return censor.text(str(error))
    message, data = error.get("message"), error.get("data")
    parts = [message if isinstance(message, str) else ""]
    if is_object(data):
        more = (data.get(name) for name in ("details", "message", "reason", "error"))
        parts += [part for part in more if isinstance(part, str)][:1]
    elif isinstance(data, str):
        parts.append(data)
    if len(parts) > 1 and parts[0].rstrip(".").lower() == "internal error":
        del parts[0]
    said = ": ".join(dict.fromkeys(part for part in parts if part))
    return censor.text(f"{said} (error {error.get('code')})" if said else f"error {error.get('code')}")


def _models(result: dict[str, Any]) -> list[str] | None:
    """The models a session offers: in an option of its configuration, or in the older field ``models``."""
    options = result.get("configOptions")
    for option in options if is_list(options) else []:
        if is_object(option) and option.get("category", option.get("id")) == "model":
            return _values(option.get("options"))
    models = result.get("models")
    known = models.get("availableModels") if is_object(models) else None
    return _texts(known, "modelId") if is_list(known) else None


def _values(options: Any) -> list[str]:
    """The values of a selection, with those of its groups."""
    found: list[str] = []
    for option in options if is_list(options) else []:
        if is_object(option):
            found += _texts(option["options"], "value") if is_list(option.get("options")) else _texts([option], "value")
    return found


def _texts(objects: list[Any], name: str) -> list[str]:
    return [text for one in objects if is_object(one) and isinstance(text := one.get(name), str) and text]


def _shape(value: Any) -> str:
    if is_object(value):
        return "an object that is not the protocol's"
    if is_list(value):
        return "a list"
    return "nothing" if value is None else "a text" if isinstance(value, str) else "a number or a truth value"
