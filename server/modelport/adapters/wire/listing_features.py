"""Reads what a model can do from its entry in a list: flags, lists of words and types, each vendor in its own way."""

from __future__ import annotations

from typing import Any

from modelport.protocol.shapes import is_list, is_object

ORDER = ("text", "image", "audio", "video", "file")
"""The modalities of the contract, in its order."""
MODALITIES = {"pdf": "file", "document": "file", "speech": "audio", "images": "image"}
TOOL_FLAGS = ("function_calling", "tool_calls", "tools", "trained_for_tool_use", "supports_tools")
TOOL_WORDS = frozenset({"tools", "tool_use", "tool-use", "tool_calls", "function_calling", "function-calling"})
REASONING_FLAGS = ("reasoning", "thinking", "reasoning_effort", "adaptive_thinking", "max_thinking_budget")
REASONING_WORDS = frozenset({"reasoning", "include_reasoning", "thinking", "reasoning_effort"})
VISION_FLAGS = ("vision", "image_input", "supports_image_in")
VISION_WORDS = frozenset({"vision", "image", "image-input"})
JSON_FLAGS = ("structured_outputs", "structured_output", "json_mode")
JSON_WORDS = frozenset({"response_format", "structured_outputs", "json_mode", "json", "structured-output"})
KINDS = {
    "embedding": "embeddings",
    "embeddings": "embeddings",
    "text-embedding": "embeddings",
    "embedcontent": "embeddings",
    "feature-extraction": "embeddings",
    "image": "images",
    "text-to-image": "images",
    "moderation": "moderation",
    "completion_fim": "fim",
    "fim": "fim",
    "insert": "fim",
}
LISTS = ("supported_parameters", "supported_features", "features", "tags", "capabilities", "supportedGenerationMethods")
WHOLE_LISTS = ("supported_parameters", "supported_features", "capabilities")
"""Lists that name all a model can do: what is not in them, it cannot."""


class Features:
    """Reads one entry; what it leaves out is None and never False."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._entry = entry
        self._flags = _flags(entry)
        self._words = {w.casefold() for key in LISTS for w in _texts(entry.get(key))}
        self._kinds = _kinds(entry)
        self._whole = any(_texts(entry.get(key)) for key in WHOLE_LISTS)

    def tools(self) -> bool | None:
        """Whether it calls tools."""
        return self._stated(TOOL_FLAGS, TOOL_WORDS)

    def reasoning(self) -> bool | None:
        """Whether it reasons before it answers."""
        return self._stated(REASONING_FLAGS, REASONING_WORDS)

    def modalities(self) -> tuple[str, ...] | None:
        """What it reads, in the contract's order."""
        entry = self._entry
        architecture = entry.get("architecture")
        lists = (entry.get("input_modalities"), entry.get("inputModalities"))
        inner = architecture.get("input_modalities") if is_object(architecture) else None
        named = next((texts for value in (inner, *lists) if (texts := _texts(value))), ())
        if named:
            plain = {MODALITIES.get(word.casefold(), word.casefold()) for word in named}
            return tuple(word for word in ORDER if word in plain) or None
        if "vlm" in self._kinds:
            return ("text", "image")
        seen = self._stated(VISION_FLAGS, VISION_WORDS)
        return None if seen is None else ("text", "image") if seen else ("text",)

    def capabilities(self) -> tuple[str, ...]:
        """What else it can do, in the contract's words."""
        found = {KINDS[kind] for kind in self._kinds if kind in KINDS}
        listed = self._words & {"insert", "embedcontent", "embedding", "fim"}
        found |= {KINDS[word] for word in listed if word != "embedcontent" or "generatecontent" not in self._words}
        if self._flags.get("completion_fim"):
            found.add("fim")
        if self._stated(JSON_FLAGS, JSON_WORDS):
            found.add("json_mode")
        return tuple(sorted(found))

    def _stated(self, flags: tuple[str, ...], words: frozenset[str]) -> bool | None:
        stated = [self._flags[flag] for flag in flags if flag in self._flags]
        if any(stated):
            return True
        if self._words & words:
            return True
        return False if stated or self._whole else None


def _flags(entry: dict[str, Any]) -> dict[str, bool]:
    """The yes and no of an entry, from wherever they stand; a list or a number under a name is a yes."""
    found: dict[str, bool] = {}
    capabilities = entry.get("capabilities")
    sources = [entry, capabilities, capabilities.get("supports") if is_object(capabilities) else None]
    for source in sources:
        for name, value in source.items() if is_object(source) else ():
            answer = _answer(value)
            if answer is not None and name not in ("tools", "capabilities"):
                found[name] = answer
    hosts = entry.get("providers")
    for host in hosts if is_list(hosts) else ():
        if is_object(host) and isinstance(host.get("supports_tools"), bool):
            found["supports_tools"] = found.get("supports_tools", False) or host["supports_tools"]
    return found


def _answer(value: Any) -> bool | None:
    if is_object(value):
        # Anthropic wraps each flag in an object of its own.
        value = value.get("supported")
    if isinstance(value, bool):
        return value
    return bool(value) if is_list(value) or isinstance(value, int) else None


def _kinds(entry: dict[str, Any]) -> set[str]:
    inner = entry.get("capabilities")
    kinds = (entry.get("type"), entry.get("model_type"), entry.get("pipeline_tag"), inner)
    found = {kind.casefold() for kind in kinds if isinstance(kind, str)}
    if is_object(inner) and isinstance(inner.get("type"), str):
        found.add(inner["type"].casefold())
    return found | {word.casefold() for word in _texts(entry.get("outputModalities"))}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if is_list(value) else ()
