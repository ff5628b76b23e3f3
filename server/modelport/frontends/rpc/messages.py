"""JSON-RPC messages: parses incoming bodies, encodes outgoing ones.

Source: JSON-RPC 2.0; Language Server Protocol 3.18, base protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from modelport.borders import MAX_DEPTH, MAX_WHOLE, json_bytes
from modelport.domain.errors import InvalidParams, ModelportError
from modelport.frontends.rpc.bodies import TOO_DEEP, OutOfRange, parse
from modelport.protocol.methods import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, REQUEST_FAILED
from modelport.protocol.secret import Secret
from modelport.protocol.shapes import is_id, is_list, is_object

MessageId = int | str
Echo = MessageId | float | msgspec.Raw | None
"""An id in a reply; raw where it is a number that no double holds."""


TOO_DEEP_SENTENCE = f"params must not be nested deeper than {MAX_DEPTH} levels."


class Incoming(Struct, frozen=True):
    """A well-formed message. ``params`` is unchanged; ``{}`` where there was none.

    ``id`` is an empty text for a notification.
    """

    kind: Literal["request", "notification", "response"]
    id: MessageId
    method: str
    params: Any
    raw: dict[str, Any]

    @property
    def is_too_deep(self) -> bool:
        """Whether the params are nested so deeply that they are not read."""
        return self.params is TOO_DEEP

    @property
    def key(self) -> tuple[type, MessageId]:
        """The id with its type, since 1 and "1" are different ids."""
        return type(self.id), self.id


class Malformed(Exception):
    """A message that cannot be served: the error code, a sentence, and the id where it has one."""

    def __init__(self, code: int, message: str, message_id: Echo = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = message_id


def read(body: bytes) -> Incoming:
    """Parses one body. Only the top level is checked; params may hold anything.

    Raises:
        Malformed: not JSON, a batch, or not a JSON-RPC message.
    """
    try:
        value = parse(body)
    except ValueError as error:
        raise Malformed(PARSE_ERROR, "The body is not JSON in UTF-8.") from error
    if is_list(value):
        raise Malformed(INVALID_REQUEST, "Batches are not part of the protocol: send one message per frame.")
    if not is_object(value):
        raise Malformed(INVALID_REQUEST, "A message must be a JSON object.")
    message_id, echo = as_id(value.get("id")), _echo(value.get("id"))
    if value.get("jsonrpc") != "2.0":
        raise Malformed(INVALID_REQUEST, 'A message must have "jsonrpc": "2.0".', echo)
    method = value.get("method")
    if method is None and ("result" in value or "error" in value):
        return Incoming("response", "" if message_id is None else message_id, "", None, value)
    if not isinstance(method, str):
        raise Malformed(INVALID_REQUEST, "A message must have a method, a result or an error.", echo)
    params: Any = value.get("params")
    params = {} if params is None else params
    if "id" not in value:
        return Incoming("notification", "", method, params, value)
    if message_id is None:
        raise Malformed(INVALID_REQUEST, "The id of a request must be a whole number or a text.", echo)
    raw = {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}
    return Incoming("request", message_id, method, params, raw)


def as_id(value: Any) -> MessageId | None:
    """The id that a JSON value is: a text or a whole number, 1.0 too; None where it is none."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WHOLE:
        return int(value)
    return value if is_id(value) else None


def _echo(value: Any) -> Echo:
    """The id in the reply to a message that cannot be served: as it was written, null where it can be none."""
    if isinstance(value, OutOfRange):
        return msgspec.Raw(value.text.encode())
    message_id = as_id(value)
    return value if message_id is None and isinstance(value, float) else message_id


def convert(params: Any, kind: type[Struct]) -> Any:
    """Params as the type ``kind``; unknown fields are ignored, null counts as absent, 5.0 is the whole number 5.

    Raises:
        InvalidParams: names the first field that is wrong.
    """
    if not is_object(params):
        raise InvalidParams("params must be an object.", field="params")
    try:
        try:
            return msgspec.convert(params, kind, dec_hook=_decode_secret)
        except msgspec.ValidationError:
            return msgspec.convert(_whole(params), kind, dec_hook=_decode_secret)
    except msgspec.ValidationError as error:
        field, sentence = _explain(str(error), kind)
        raise InvalidParams(sentence, field=field) from None


def _whole(value: Any) -> Any:
    """The value with each 5.0 replaced by 5: some languages have only one number type."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WHOLE:
        return int(value)
    if is_object(value):
        return {name: _whole(part) for name, part in value.items()}
    return [_whole(part) for part in value] if is_list(value) else value


def _decode_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    # msgspec adds the path to a TypeError.
    raise TypeError("Expected `str`, got something else")


_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


_LIMITS = {"<=": " up to ", ">=": " from "}


def _explain(complaint: str, kind: type[Struct]) -> tuple[str, str]:
    """The field's path and a sentence for msgspec's validation message: ``messages[0].role must be …``.

    No value is repeated, because one of them may be a key.
    """
    what, _, location = complaint.partition(" - at ")
    path = location.strip("`").removeprefix("$").removeprefix(".")
    if what.startswith("Object missing required field"):
        name = what.split("`")[1]
        field = f"{path}.{name}" if path else name
        return field, f"{field} is missing."
    if what.startswith(("Invalid enum value", "Invalid value")):
        return path, f"{path} must be {_one_of(kind, path)}."
    types = what.removeprefix("Expected ").split(", got")[0].replace("`", "").split(" | ")
    wanted = " or ".join(_wanted(name) for name in types if name != "null")
    return path or "params", f"{path or 'params'} must be {wanted}."


def _wanted(name: str) -> str:
    """What msgspec calls a type, in words: ``int <= 5`` is ``a whole number up to 5``."""
    kind, _, limit = name.partition(" ")
    order, _, number = limit.partition(" ")
    return f"{_WORDS.get(kind, kind)}{_LIMITS[order]}{number}" if order in _LIMITS else _WORDS.get(name, name)


def _one_of(kind: type[Struct], path: str) -> str:
    from modelport.frontends.rpc.allowed_values import allowed_values

    values = allowed_values(kind, path)
    return f"one of {', '.join(values)}" if values else "a value that is allowed"


def encode(message_id: Echo) -> bytes:
    """An id as JSON, with what is not text as it came."""
    if isinstance(message_id, str) and not message_id.isascii():
        return json.dumps(message_id).encode()
    return json_bytes(message_id)


def result(message_id: MessageId, value: Any) -> bytes:
    """The body of a reply."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (encode(message_id), json_bytes(value))


def error(message_id: Echo, code: int, message: str, data: Struct | None = None) -> bytes:
    """The body of an error reply."""
    content: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        content["data"] = data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (encode(message_id), json_bytes(content))


def failure(message_id: MessageId, reason: ModelportError) -> bytes:
    """The body of the error reply for one of the contract's errors."""
    code = INVALID_PARAMS if isinstance(reason, InvalidParams) else REQUEST_FAILED
    return error(message_id, code, reason.message, reason.data())


def notification(method: str, params: Struct) -> bytes:
    """The body of a notification."""
    return b'{"jsonrpc":"2.0","method":%b,"params":%b}' % (json_bytes(method), json_bytes(params))


def log_message(level: Literal["error", "warning", "info"], text: str) -> bytes:
    """The body of a ``window/logMessage`` notification. Source: Language Server Protocol 3.18, MessageType."""
    params = {"type": {"error": 1, "warning": 2, "info": 3}[level], "message": text}
    return b'{"jsonrpc":"2.0","method":"window/logMessage","params":%b}' % json_bytes(params)


def show_message(text: str) -> bytes:
    """The body of a ``window/showMessage`` notification of a warning."""
    params = {"type": 2, "message": text}
    return b'{"jsonrpc":"2.0","method":"window/showMessage","params":%b}' % json_bytes(params)


def progress(token: int | str, value: Mapping[str, str | int]) -> bytes:
    """The body of a ``$/progress`` notification; ``value`` always has a ``kind``."""
    params = {"token": token, "value": value}
    return b'{"jsonrpc":"2.0","method":"$/progress","params":%b}' % json_bytes(params)
