"""What each wire format, row and model accepts in a conversation: one table that the fitting reads.

Sources: the vendors' API references (see the dialects), and what their services answer where those are silent:
OpenAI Chat Completions (ids of calls: 40 characters), Anthropic Messages and Amazon Bedrock Converse
(``tool_use.id``), Mistral (ids of nine letters and digits, no user message behind a tool's result), the chat templates
of Qwen and Gemma in llama.cpp and vLLM (one system message, at the beginning; roles that alternate).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from modelport.domain.completions.fitting.families import changes_of_families
from modelport.domain.providers.rows import Provider
from modelport.domain.providers.wire.history import (
    CalledTools,
    CallIds,
    ClosedAnswers,
    ExclusiveReasoning,
    HistoryWire,
    Neighbours,
    PromptCache,
    PropertyNames,
    References,
    SchemaSubset,
    SignedLoops,
    SpokenImages,
    SystemPlace,
    ToolImages,
    ToolNames,
    TopUnions,
)
from modelport.protocol.types import Dialect


class HistoryRules(Struct, frozen=True, kw_only=True):
    """What a reader accepts in a conversation."""

    call_ids: CallIds = "any"
    system: SystemPlace = "anywhere"
    """``apart``: in a field of its own; ``first``: one message, at the beginning."""
    neighbours: Neighbours = "any"
    """``joined``: two messages of the user, or of the assistant, in a row are made one; ``turns``: the format's own
    turns hold several messages."""
    begins_with_user: bool = False
    """The first message that is not a system message has to be the user's."""
    ends_with_user: bool = False
    """The last message has to be the user's or a tool's: there is no answer to go on with."""
    user_after_tool: bool = True
    """A user message may follow the result of a tool."""
    tool_images: ToolImages = "in_result"
    """Where the images of a tool's result stand; ``after_results``: in a user message of their own."""
    spoken_images: SpokenImages = "by_user"
    """Who shows images besides the results of tools; ``by_anyone``: the assistant may as well."""
    called_tools: CalledTools = "free"
    """``defined``: a conversation with calls needs definitions of tools in the request."""
    forbids_calls: Literal["always", "as_row", "never"] = "as_row"
    """Whether a request with definitions of tools can forbid calls; ``as_row``: where the row takes the choice none."""
    prefill: bool = False
    """A model goes on with the answer that ends the conversation."""
    trailing_space: bool = True
    """The answer to go on with may end with white space."""
    tool_names: ToolNames = "word"
    top_unions: TopUnions = "taken"
    """Whether the schema of a tool may be a union at its top."""
    property_names: PropertyNames = "any"
    """The names that the parameters of a tool may have."""
    references: References = "taken"
    """``replaced``: a schema says each thing where it stands, without ``$ref``, ``const`` and lists of types;
    ``acyclic``: so it does, but for what leads back to itself."""
    schema_subset: SchemaSubset = "all"
    """The words of JSON Schema that the schemas of tools and answers may have; ``subsets`` has them."""
    closed_answers: ClosedAnswers = "no"
    """What the schema of a strict answer has to say of every object."""
    sets_context: bool = False
    """A request can set the context length of the model; elsewhere it is the server's, and left out with a note."""
    empty_reasoning: bool = False
    """An assistant message without reasoning has to carry an empty one while tools are offered."""
    signed_loops: SignedLoops = "no"
    """Which reasoning goes on in a loop of calls only where its first turn has the reader's own, signed."""
    exclusive_reasoning: ExclusiveReasoning = "no"
    """What reasoning excludes: a forced call, and besides it sampling parameters."""
    signed_calls: bool = False
    """The first call of a turn carries a signature, or what stands for one."""
    encrypted_reasoning: bool = False
    """Reasoning comes encrypted where it is asked for, so that it can go back where answers are not stored."""
    prompt_cache: PromptCache = "none"
    """How a request says what of it may be kept for the next; ``adapters/wire/prompt_cache`` writes it."""


RULES: Mapping[Dialect, HistoryRules] = {
    "openai_chat": HistoryRules(
        call_ids="forty",
        system="first",
        neighbours="joined",
        begins_with_user=True,
        tool_images="after_results",
        forbids_calls="never",
        closed_answers="required",
    ),
    "openai_responses": HistoryRules(
        call_ids="word",
        system="apart",
        top_unions="refused",
        closed_answers="required",
        encrypted_reasoning=True,
    ),
    "openai_completions": HistoryRules(call_ids="absent", system="apart", tool_images="refused"),
    "anthropic_messages": HistoryRules(
        prompt_cache="marks",
        call_ids="word",
        system="apart",
        neighbours="turns",
        begins_with_user=True,
        called_tools="defined",
        trailing_space=False,
        top_unions="refused",
        property_names="word",
        closed_answers="closed",
    ),
    "gemini": HistoryRules(
        call_ids="absent",
        system="apart",
        neighbours="turns",
        begins_with_user=True,
        ends_with_user=True,
        spoken_images="by_anyone",
        tool_names="identifier",
        references="acyclic",
        schema_subset="documented",
    ),
    "ollama": HistoryRules(
        call_ids="absent",
        system="first",
        neighbours="joined",
        begins_with_user=True,
        tool_images="after_results",
        tool_names="any",
        sets_context=True,
    ),
    "bedrock_converse": HistoryRules(
        forbids_calls="always",
        call_ids="word",
        system="apart",
        neighbours="turns",
        begins_with_user=True,
        called_tools="defined",
        trailing_space=False,
        closed_answers="closed",
    ),
    "cohere_chat": HistoryRules(call_ids="any", neighbours="joined", tool_images="after_results"),
    "opencode": HistoryRules(call_ids="absent", system="apart", spoken_images="by_anyone"),
    "mock": HistoryRules(spoken_images="by_anyone", tool_names="any", sets_context=True),
}
"""By dialect. A family of models changes single rules, and so does a row with ``[provider.wire.history]``."""


def history_rules(row: Provider, dialect: Dialect, model: str) -> HistoryRules:
    """The rules for a model behind a row: those of the dialect, then of the model's family, then of the row."""
    changes: dict[str, object] = {}
    for rules in changes_of_families(dialect, model):
        changes |= rules
    changes |= changes_of(row.wire.history)
    base = RULES[dialect]
    return msgspec.structs.replace(base, **changes) if changes else base


def changes_of(history: HistoryWire) -> dict[str, object]:
    """The rules that a row changes, by name."""
    return {name: value for name, value in msgspec.structs.asdict(history).items() if value is not None}
