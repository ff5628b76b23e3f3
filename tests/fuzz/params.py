"""Params by their types in ``protocol/model.json``: whole ones first, which the caller then mutates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from support.contract_validator import MODEL

# What matters to the server more than its type, by the name of its field.
WORDS: Mapping[str, tuple[Any, ...]] = {
    "provider": ("mock", "mock", "MOCK", "openai-compatible", "ollama", "openai", "anthropic", "azure", "vertex", "bedrock", "nobody", ""),
    "model": ("mock/mock", "mock/mock:think,tools", "mock/mock:fail=rate_limited", "mock/mock:cut=2", "mock/mock:stall=1", "mock:words=50", "mock", "openai/gpt-5.5", "x"),
    "fallbacks": ("mock/mock", "mock/mock:fail=auth_rejected", "nobody/x", "openai/gpt-5.5"),
    "prompt": ("Hello", "", "😀"),
    "baseUrl": ("http://127.0.0.1:9/v1", "http://127.0.0.1:9", "http://[::1", "http://127.0.0.1:99999", "ftp://127.0.0.1", "//", "http://user:pass@127.0.0.1:9", "http://127.0.0.1:9/%zz?a=b#c"),
    "command": ("cat", "true", "false", "/nonexistent/agent", ""),
    "cwd": ("/", "/nonexistent", "relative", ""),
    "registry": ("latest", "http://127.0.0.1:9/registry.json", "file:///etc/passwd"),
    "ids": ("claude-code", "modelport", "nobody"),
    "method": ("provider/list", "nobody/here"),
    "timeoutMs": (1, 50, 300),
    "since": ("2026-01-01T00:00:00Z", "2026-01-01", "yesterday"),
    "until": ("2026-12-31T23:59:59.999999+14:00", "0001-01-01T00:00:00Z"),
    "rootUri": ("file:///tmp", "untitled:x", "file://%ff"),
    "uri": ("file:///tmp", "untitled:x", "file://%ff"),
    "level": ("static", "probe", "verify"),
    "apiKey": ("key-0123456789", "sk-\n", ""),
    "secret": ("key-0123456789", "sk-\n", ""),
    "sessionId": ("1", "", "x"),
    "workDoneToken": ("t", 1),
}  # fmt: skip
PARAMETERS: tuple[dict[str, Any], ...] = (
    {"temperature": 0.5, "max_tokens": 20, "stop": ["a"]},
    {"temp": 1, "topP": 2, "maxTokens": -1},
    {"temperature": "hot", "context_length": 10**20},
    {"stop": [None], "seed": 0.5, "user": {}},
)


class ParamsGenerator:
    """Writes values of the types of the contract."""

    def __init__(self, chance: Random) -> None:
        model: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
        self.requests = {m["method"]: m["params"] for m in model["methods"] if m["direction"] == "clientToServer"}
        self._types = {t["name"]: t["fields"] for t in model["types"]}
        self._enumerations = {e["name"]: [v["value"] for v in e["values"]] for e in model["enumerations"]}
        self._unions = {u["name"]: u["members"] for u in model["unions"]}
        self._chance = chance

    def value(self, kind: str, name: str = "", depth: int = 0) -> Any:
        """A value that fits a type; ``name`` is the field in which it stands."""
        chance = self._chance
        kind = chance.choice(kind.split(" | "))
        if kind.endswith("[]"):
            return [self.value(kind[:-2], name, depth + 1) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        if kind.startswith("map<"):
            return {key: self.value(kind[4:-1], name, depth + 1) for key in chance.sample(("A", "X-Y", "host"), 1)}
        if kind in self._unions:
            kind = chance.choice(list(self._unions[kind].values()))
        if kind in self._enumerations:
            return chance.choice(self._enumerations[kind])
        if kind in self._types:
            return self._structure(kind, depth)
        return self._base(kind, name)

    def _structure(self, kind: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for field in self._types[kind]:
            likely = (
                1.0 if field.get("required") else 0.8 if field["name"] in ("model", "prompt") else 0.35 / (1 + depth)
            )
            if self._chance.random() < likely:
                made[field["name"]] = field.get("literal", self.value(field["type"], field["name"], depth + 1))
        return made

    def _base(self, kind: str, name: str) -> Any:
        chance = self._chance
        if name in WORDS and chance.random() < 0.9:
            return chance.choice(WORDS[name])
        if name == "parameters" and kind == "object" and chance.random() < 0.8:
            return dict(chance.choice(PARAMETERS))
        table: dict[str, Any] = {
            "string": lambda: chance.choice(("x", "Hello", "mock", "a/b", "")),
            "secret": lambda: "key-0123456789",
            "boolean": lambda: chance.random() < 0.5,
            "number": lambda: chance.choice((0, 1, 0.5, 10)),
            "integer": lambda: chance.choice((0, 1, 5, 100)),
            "object": lambda: chance.choice(({}, {"type": "object"}, {"a": {"b": [1]}})),
            "any": lambda: chance.choice((None, 1, "x", {}, [])),
            "null": lambda: None,
        }
        return table[kind]()
