"""What a row changes in the rules by which conversations are fitted to its wire format."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CallIds = Literal["any", "forty", "word", "short_word", "nine", "absent"]
"""``forty``: at most 40 characters; ``word``: at most 64 letters, digits, ``_`` and ``-``; ``short_word``: at most 40
of them; ``nine``: nine letters and digits; ``absent``: the format carries no ids, or only its own."""
SystemPlace = Literal["apart", "anywhere", "first"]
Neighbours = Literal["any", "joined", "turns"]
ToolImages = Literal["in_result", "after_results", "refused"]
SpokenImages = Literal["by_user", "by_anyone"]
CalledTools = Literal["defined", "free"]
TopUnions = Literal["taken", "refused"]
ToolNames = Literal["any", "word", "identifier"]
"""``word``: at most 64 letters, digits, ``_`` and ``-``; ``identifier``: also dots and colons, with a letter or ``_``
first."""
PropertyNames = Literal["any", "word"]
"""``word``: at most 64 letters, digits, ``_``, ``-`` and dots."""
SignedLoops = Literal["no", "budgets", "always"]
"""``always``: a loop of calls goes on with reasoning only where it began with the reader's own, signed; ``budgets``:
that holds for reasoning under a budget, while under an effort any loop goes on."""
ExclusiveReasoning = Literal["no", "forced_calls", "sampling"]
"""``forced_calls``: a model that has to call a tool cannot reason; ``sampling``: and one that reasons takes no sampling
parameters."""
References = Literal["taken", "acyclic", "replaced"]
"""``acyclic``: a schema refers only to what leads back to itself, and has that in its ``$defs``; ``replaced``: to
nothing."""
SchemaSubset = Literal["all", "documented", "openapi"]
"""The words of JSON Schema that a reader takes; ``documented``: those that Gemini lists, ``openapi``: the fields of
Google's own ``Schema``."""
ClosedAnswers = Literal["no", "closed", "required"]
"""``closed``: the schema of an answer closes every object; ``required``: it requires every property besides."""
PromptCache = Literal["none", "marks", "claude_marks", "key"]
"""``marks``: the request says what may be kept; ``claude_marks``: that of a Claude; ``key``: it names a cache."""


class HistoryWire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Single rules of ``HistoryRules`` that hold for a provider; an absent one means no difference."""

    call_ids: CallIds | None = None
    system: SystemPlace | None = None
    neighbours: Neighbours | None = None
    begins_with_user: bool | None = None
    ends_with_user: bool | None = None
    user_after_tool: bool | None = None
    tool_images: ToolImages | None = None
    spoken_images: SpokenImages | None = None
    called_tools: CalledTools | None = None
    prefill: bool | None = None
    trailing_space: bool | None = None
    tool_names: ToolNames | None = None
    top_unions: TopUnions | None = None
    property_names: PropertyNames | None = None
    references: References | None = None
    schema_subset: SchemaSubset | None = None
    closed_answers: ClosedAnswers | None = None
    sets_context: bool | None = None
    empty_reasoning: bool | None = None
    signed_loops: SignedLoops | None = None
    exclusive_reasoning: ExclusiveReasoning | None = None
    signed_calls: bool | None = None
    encrypted_reasoning: bool | None = None
    prompt_cache: PromptCache | None = None
