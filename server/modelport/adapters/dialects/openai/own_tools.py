"""Counts the calls of the provider's own tools among the output items of the Responses API.

Source: OpenAI, Pricing, Built-in tools; API reference, Responses, output items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from modelport.adapters.dialects.openai.usage import OWN_TOOLS
from modelport.adapters.wire.json_values import decode_or_none
from modelport.borders import json_bytes

PAID: Final[Mapping[str, str]] = {
    "web_search_call": "web",
    "file_search_call": "other",
    "code_interpreter_call": "other",
    "image_generation_call": "other",
}
"""The types of items that are paid besides the tokens, with the field that counts them."""
UNPAID_ACTIONS: Final = frozenset({"open_page", "find_in_page"})
"""What a web search call does with a page that it has found already."""


class _Action(Struct):
    type: str | None = None


class _Item(Struct):
    type: str = ""
    action: _Action | None = None


_ITEM = msgspec.json.Decoder(_Item)


class OwnToolCalls:
    """The calls of one answer, by the field that counts them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def item(self, raw: Raw) -> None:
        """A finished output item."""
        item = decode_or_none(_ITEM, raw)
        if item is not None and item.type in PAID and (item.action is None or item.action.type not in UNPAID_ACTIONS):
            self._counts[PAID[item.type]] += 1

    def output(self, items: Iterable[Raw]) -> None:
        """All output items, in place of those that came one by one."""
        self._counts.clear()
        for item in items:
            self.item(item)

    def usage(self) -> bytes:
        """The counts as a usage object, to be merged with the provider's; empty for none."""
        return json_bytes({OWN_TOOLS: dict(self._counts)}) if self._counts else b""
