"""Checks messages against ``protocol/model.json`` alone: independent of the generator and of the server's types.

What a server sends must fit exactly: a field that the specification does not have is a mistake. What a client sends may
have further fields, since the server ignores them, and null for absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MODEL = Path(__file__).resolve().parents[2] / "protocol" / "model.json"
COMMAND = "workspace/executeCommand"
STOPPED = "stream_interrupted"
"""Of every request that is in flight when the server is stopped."""
REFUSED = -32600
"""The code for a request that was refused by its envelope, such as one whose id is in flight."""
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_HEAD_BYTES = 4096
_HEAD = re.compile(rb"content-length:[ \t]*(\d+)[ \t]*\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
_TYPE = re.compile(r"(?P<map>map<)?(?P<name>[A-Za-z0-9]+)>?(?P<lists>(\[\])*)$")

_BASE: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "secret": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or (isinstance(v, float) and v.is_integer())),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
    "any": lambda v: True,
}


@dataclass(frozen=True)
class Reading:
    """How to read: ``strict`` for what a server sends, and where the value stands in its message."""

    strict: bool
    path: str = ""

    def at(self, step: str) -> Reading:
        """The reading of a part."""
        return Reading(self.strict, f"{self.path}{step}")


@cache
def _parts(kind: str) -> tuple[str, bool, bool]:
    """The name in a type, whether it is a map of that, and whether it is a list."""
    match = _TYPE.match(kind)
    assert match is not None, f"no type: {kind}"
    return match["name"], bool(match["map"]), bool(match["lists"])


class Contract:
    """The messages, types and errors of ``model.json``."""

    def __init__(self, path: Path = MODEL) -> None:
        model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.messages: dict[str, dict[str, Any]] = {m["method"]: m for m in model["methods"] + model["notifications"]}
        self._types = {t["name"]: t for t in model["types"]}
        self._fields = {name: {f["name"]: f for f in kind["fields"]} for name, kind in self._types.items()}
        self._enumerations = {e["name"]: {v["value"]: v for v in e["values"]} for e in model["enumerations"]}
        self._unions = {u["name"]: u for u in model["unions"]}
        self._codes = {e["code"] for e in model["errors"]}

    def params(self, method: str, value: Any, *, sender: str) -> list[str]:
        """The mistakes in the params of a message that ``sender`` sent, ``client`` or ``server``."""
        entry = self.messages.get(method)
        sent_by = "clientToServer" if sender == "client" else "serverToClient"
        if entry is None or entry["direction"] not in (sent_by, "both"):
            return [f"{method} is no message that a {sender} sends"] if sender == "server" else []
        given = {} if value is None else value
        return [f"{method} params: {text}" for text in self._check(entry["params"], given, Reading(sender == "server"))]

    def result(self, method: str, value: Any, params: Any = None) -> list[str]:
        """The mistakes in a result of the server; that of a command is the result of its method."""
        if method == COMMAND:
            method = str(params["command"]).removeprefix("modelport.").replace(".", "/", 1)
        kind = self.messages[method]["result"]
        return [f"{method} result: {text}" for text in self._check(kind, value, Reading(strict=True))]

    def error(self, method: str | None, error: dict[str, Any], params: Any = None) -> list[str]:
        """The mistakes in an error reply of the server; ``method`` is None where the request is not known."""
        found = [f"error has the field {name}" for name in error.keys() - {"code", "message", "data"}]
        code, data = error.get("code"), error.get("data", {})
        if code not in self._codes:
            found.append(f"error code {code} is not among the errors")
        if not isinstance(error.get("message"), str) or not error["message"]:
            found.append("error has no message")
        found += [f"error data: {text}" for text in self._check("ErrorData", data, Reading(strict=True))]
        if not found:
            found = list(self._kind(method, error["code"], data, params))
        return [f"{method}: {text}" for text in found]

    def _kind(self, method: str | None, code: int, data: dict[str, Any], params: Any) -> Iterator[str]:
        kind = data.get("kind")
        if kind is None:
            if code == -32803:
                yield "a failed request has no data.kind"
            return
        row = self._enumerations["ErrorKind"][kind]
        if code not in row["codes"]:
            yield f"the kind {kind} does not come with the code {code}"
        for field in sorted(data.keys() - {"kind", "retryable", "action"} - set(row["data"])):
            yield f"the kind {kind} does not come with data.{field}"
        if method == COMMAND and isinstance(params, dict):
            method = str(params.get("command")).removeprefix("modelport.").replace(".", "/", 1)
        entry = self.messages.get(method or "")
        listed = {*(entry or {}).get("errors", ()), STOPPED}
        if entry is not None and not entry.get("lsp") and kind not in listed:
            yield f"the kind {kind} is not among the errors of {method}"

    def _check(self, spelling: str, value: Any, reading: Reading) -> list[str]:
        """The mistakes of a value for a type, as few as one of its alternatives has."""
        if spelling in _BASE and _BASE[spelling](value):
            # Nearly every value.
            return []
        kinds = spelling.split(" | ")
        if len(kinds) == 1:
            return self._alternative(spelling, value, reading)
        results = [self._alternative(kind, value, reading) for kind in kinds]
        tagged = [found for kind, found in zip(kinds, results, strict=True) if self._is_told(kind, value)]
        return min(tagged or results, key=len)

    def _is_told(self, kind: str, value: Any) -> bool:
        """Whether a value says by its literals that it is of this type, which then must fit."""
        fields = self._types.get(kind, {}).get("fields", ())
        literals = {f["name"]: f["literal"] for f in fields if "literal" in f}
        return bool(literals) and isinstance(value, dict) and literals.items() <= value.items()

    def _alternative(self, kind: str, value: Any, reading: Reading) -> list[str]:
        name, is_map, is_list = _parts(kind)
        if is_list:
            return self._list(kind[:-2], value, reading)
        if is_map:
            return self._map(name, value, reading)
        where = reading.path or "the value"
        if name in _BASE:
            return [] if _BASE[name](value) else [f"{where} must be {name}, not {value!r:.80}"]
        if name in self._enumerations:
            fits = isinstance(value, str) and value in self._enumerations[name]
            return [] if fits else [f"{where} must be one of {name}, not {value!r:.80}"]
        if not isinstance(value, dict):
            return [f"{where} must be {name}, not {value!r:.80}"]
        if name in self._unions:
            union = self._unions[name]
            member = union["members"].get(value.get(union["tag"]))
            return self._structure(member, value, reading) if member else [f"{where} has no {union['tag']} of {name}"]
        return self._structure(name, value, reading)

    def _list(self, kind: str, value: Any, reading: Reading) -> list[str]:
        if not isinstance(value, list):
            return [f"{reading.path or 'the value'} must be a list of {kind}"]
        return [text for i, item in enumerate(value) for text in self._check(kind, item, reading.at(f"[{i}]"))]

    def _map(self, kind: str, value: Any, reading: Reading) -> list[str]:
        if not isinstance(value, dict):
            return [f"{reading.path or 'the value'} must be a map of {kind}"]
        return [text for key, item in value.items() for text in self._check(kind, item, reading.at(f".{key}"))]

    def _structure(self, name: str, value: dict[str, Any], reading: Reading) -> list[str]:
        fields = self._fields[name]
        found: list[str] = []
        if reading.strict:
            found += [f"{reading.path}.{key} is not a field of {name}" for key in value.keys() - fields.keys()]
        for key, field in fields.items():
            if key in value or field.get("required"):
                found += self._field(field, key in value, value.get(key), reading.at(f".{key}"))
        return found

    def _field(self, field: dict[str, Any], present: bool, value: Any, reading: Reading) -> list[str]:
        if not present or value is None:
            if present and (field.get("nullable") or not reading.strict):
                return []
            if present:
                return [f"{reading.path} must not be null"]
            needed = field.get("required") and not (
                not reading.strict and ("default" in field or field.get("nullable"))
            )
            return [f"{reading.path} is missing"] if needed else []
        found = self._check(field["type"], value, reading)
        if not found and "literal" in field and value != field["literal"]:
            found = [f"{reading.path} must be {field['literal']}, not {value!r:.80}"]
        if (
            not found
            and isinstance(value, int)
            and not field.get("minimum", value) <= value <= field.get("maximum", value)
        ):
            found = [f"{reading.path} is out of its limits: {value}"]
        return found


class Exchange:
    """The messages between one client and one server; collects the ``mistakes`` in them, a sentence each."""

    def __init__(self, contract: Contract | None = None) -> None:
        self.mistakes: list[str] = []
        self.checked = 0
        self._contract = contract or Contract()
        self._waiting: dict[tuple[type, Any], list[tuple[str, Any]]] = {}
        self._unread = bytearray()
        self._needed = 0

    def sent(self, data: bytes) -> None:
        """Takes what the client has written; what is no frame or no message is left out, as it is wrong on purpose."""
        self._unread += data
        while len(self._unread) >= self._needed:
            match = _HEAD.search(self._unread)
            if match is None:
                del self._unread[:-MAX_HEAD_BYTES]
                return
            start, length = match.end(), int(match[1])
            if length > MAX_BODY_BYTES:
                del self._unread[:start]
                continue
            self._needed = start + length
            if len(self._unread) < self._needed:
                return
            body = bytes(self._unread[start : self._needed])
            del self._unread[: self._needed]
            self._needed = 0
            self._message_sent(body)

    def _message_sent(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict) and "method" in message and "id" in message:
            key, method = (type(message["id"]), str(message["id"])), message["method"]
            # What has no method is no request, and is refused under its id.
            self._waiting.setdefault(key, []).append((method if isinstance(method, str) else "", message.get("params")))

    def received(self, message: dict[str, Any]) -> None:
        """Checks a message of the server, and the request that it answers with a result."""
        self.checked += 1
        if "method" in message:
            self.mistakes += self._contract.params(message["method"], message.get("params"), sender="server")
            return
        unknown = message.keys() - {"jsonrpc", "id", "result", "error"}
        if unknown or ("result" in message) == ("error" in message) or "id" not in message:
            self.mistakes.append(f"not a reply: {message!r:.200}")
            return
        method, params = self._request(message)
        if "error" in message:
            self.mistakes += self._contract.error(method or None, message["error"], params)
        elif not method:
            self.mistakes.append(f"a reply to no request: {message!r:.200}")
        else:
            self.mistakes += self._contract.params(method, params, sender="client")
            self.mistakes += self._contract.result(method, message["result"], params)

    def _request(self, message: dict[str, Any]) -> tuple[str | None, Any]:
        """The request that a reply answers; where two had the same id, the later one is refused by its envelope."""
        waiting = self._waiting.get((type(message["id"]), str(message["id"])))
        if not waiting:
            return None, None
        if message.get("error", {}).get("code") != REFUSED:
            return waiting.pop(next((at for at, (method, _) in enumerate(waiting) if method), 0))
        return waiting.pop(next((at for at, (method, _) in enumerate(waiting) if not method), -1))
