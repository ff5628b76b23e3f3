"""Tools that were fitted before: an agent sends the same ones with every turn, and their schemas take the longest."""

from __future__ import annotations

import copy

from modelport.borders import json_bytes
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.rules import HistoryRules
from modelport.domain.completions.fitting.schemas import fitted_tool
from modelport.protocol.types import Tool

MAX_TOOLS = 256
"""How many are kept; the oldest is dropped for the next."""
MAX_BYTES = 16 * 1024
"""The longest tool that is kept, so that a client's tools take some megabytes at most."""


class KnownTools:
    """Fits tools as ``fitted_tool`` does, and keeps the results by the tool as JSON and the rules.

    To write a tool as JSON takes a twentieth of the time. A caller may change the schema that it has given, so nothing
    that is kept is a part of it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[HistoryRules, bytes], Tool | None] = {}

    def fit(self, tool: Tool, position: int, call: ModelCall, rules: HistoryRules) -> Tool:
        """The tool with a schema that the provider accepts and that means the same.

        Raises:
            InvalidParams: the schema is not that of an object, or cannot be rewritten without loss.
        """
        key = rules, json_bytes(tool)
        if key in self._kept:
            return self._kept[key] or tool
        fitted = fitted_tool(tool, position, call, rules)
        if len(key[1]) > MAX_BYTES:
            return fitted
        if len(self._kept) >= MAX_TOOLS:
            del self._kept[next(iter(self._kept))]
        # None: it is taken as it is.
        self._kept[key] = None if fitted is tool else copy.deepcopy(fitted)
        return fitted
