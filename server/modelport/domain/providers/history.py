"""What a row changes in the rules by which conversations are fitted to its wire format."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CallIds = Literal["any", "forty", "word", "nine", "absent"]
"""``forty``: at most 40 characters; ``word``: at most 64 letters, digits, ``_`` and ``-``; ``nine``: nine letters and
digits; ``absent``: the format carries no ids, or only its own."""
SystemPlace = Literal["apart", "anywhere", "first"]
Neighbours = Literal["any", "joined", "turns"]
ToolImages = Literal["in_result", "after_results", "refused"]
CalledTools = Literal["defined", "free"]
TopUnions = Literal["taken", "refused"]
PromptCache = Literal["none", "marks", "claude_marks", "key"]
"""``marks``: the request says what may be kept; ``claude_marks``: that of a Claude; ``key``: it names a cache."""


class HistoryWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Single rules of ``HistoryRules`` that hold for a provider; an absent one means no difference."""

    call_ids: CallIds | None = None
    system: SystemPlace | None = None
    neighbours: Neighbours | None = None
    begins_with_user: bool | None = None
    user_after_tool: bool | None = None
    tool_images: ToolImages | None = None
    called_tools: CalledTools | None = None
    trailing_space: bool | None = None
    top_unions: TopUnions | None = None
    closed_answers: bool | None = None
    empty_reasoning: bool | None = None
    encrypted_reasoning: bool | None = None
    prompt_cache: PromptCache | None = None
