"""What each wire format, row and model accepts in a conversation: one table that the fitting reads.

Sources: the vendors' API references (see the dialects), and what their services answer where those are silent:
OpenAI Chat Completions (ids of calls: 40 characters), Anthropic Messages and Amazon Bedrock Converse
(``tool_use.id``), Mistral (ids of nine letters and digits, no user message behind a tool's result), the chat templates
of Qwen and Gemma in llama.cpp and vLLM (one system message, at the beginning; roles that alternate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec
from msgspec import Struct

from modelport.domain.providers.history import (
    CalledTools,
    CallIds,
    HistoryWire,
    Neighbours,
    PromptCache,
    SystemPlace,
    ToolImages,
    TopUnions,
)
from modelport.domain.providers.rows import Provider
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
    user_after_tool: bool = True
    """A user message may follow the result of a tool."""
    tool_images: ToolImages = "in_result"
    """Where the images of a tool's result stand; ``after_results``: in a user message of their own."""
    called_tools: CalledTools = "free"
    """``defined``: a conversation with calls needs definitions of tools in the request."""
    forbids_calls: Literal["always", "as_row", "never"] = "as_row"
    """Whether a request with definitions of tools can forbid calls; ``as_row``: where the row takes the choice none."""
    trailing_space: bool = True
    """The answer to go on with may end with white space."""
    top_unions: TopUnions = "taken"
    """Whether the schema of a tool may be a union at its top."""
    closed_answers: bool = False
    """The schema of a strict answer has to close every object and require every property."""
    empty_reasoning: bool = False
    """An assistant message without reasoning has to carry an empty one while tools are offered."""
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
        closed_answers=True,
    ),
    "openai_responses": HistoryRules(call_ids="word", system="apart", top_unions="refused", closed_answers=True),
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
        closed_answers=True,
    ),
    "gemini": HistoryRules(call_ids="absent", system="apart", neighbours="turns", begins_with_user=True),
    "ollama": HistoryRules(
        call_ids="absent", system="first", neighbours="joined", begins_with_user=True, tool_images="after_results"
    ),
    "bedrock_converse": HistoryRules(
        forbids_calls="always",
        call_ids="word",
        system="apart",
        neighbours="turns",
        begins_with_user=True,
        called_tools="defined",
        trailing_space=False,
        closed_answers=True,
    ),
    "cohere_chat": HistoryRules(call_ids="any", neighbours="joined", tool_images="after_results"),
    "mock": HistoryRules(),
}
"""By dialect. A row changes single rules with ``[provider.wire.history]``."""

_CLAUDE: Mapping[str, object] = {"called_tools": "defined", "trailing_space": False, "top_unions": "refused"}
_MISTRAL: Mapping[str, object] = {"call_ids": "nine", "user_after_tool": False}
_ENCRYPTED: Mapping[str, object] = {"encrypted_reasoning": True}
_EMPTY: Mapping[str, object] = {"empty_reasoning": True}
FAMILIES: tuple[tuple[Dialect, str, Mapping[str, object]], ...] = (
    ("openai_chat", "*claude*", _CLAUDE),
    ("openai_chat", "*mistral*", _MISTRAL),
    ("openai_chat", "*mixtral*", _MISTRAL),
    ("openai_chat", "*ministral*", _MISTRAL),
    ("openai_chat", "*magistral*", _MISTRAL),
    ("openai_chat", "*devstral*", _MISTRAL),
    ("openai_chat", "*codestral*", _MISTRAL),
    ("openai_chat", "*pixtral*", _MISTRAL),
    ("openai_chat", "*voxtral*", _MISTRAL),
    ("openai_chat", "*deepseek-v4*", _EMPTY),
    ("openai_chat", "*deepseek-reasoner*", _EMPTY),
    ("openai_chat", "*kimi-k2*thinking*", _EMPTY),
    ("openai_chat", "*kimi-k2.[5-9]*", _EMPTY),
    ("openai_chat", "*kimi-k[3-9]*", _EMPTY),
    ("openai_chat", "*kimi-for-coding*", _EMPTY),
    ("openai_chat", "gpt-[4-9]*", {"top_unions": "refused"}),
    ("openai_chat", "openai/gpt-[4-9]*", {"top_unions": "refused"}),
    ("openai_chat", "o[1-9]*", {"top_unions": "refused"}),
    ("openai_responses", "gpt-[5-9]*", _ENCRYPTED),
    ("openai_responses", "o[1-9]*", _ENCRYPTED),
    ("openai_responses", "*codex*", _ENCRYPTED),
    ("openai_responses", "openai/gpt-[5-9]*", _ENCRYPTED),
    ("openai_responses", "openai/o[1-9]*", _ENCRYPTED),
    ("openai_responses", "*-chat*", {"encrypted_reasoning": False}),
    ("bedrock_converse", "*claude*", {"top_unions": "refused", "prompt_cache": "marks"}),
    ("bedrock_converse", "*claude-v*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-instant*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-3-[hos]*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-3-5-sonnet-20240620*", {"prompt_cache": "none"}),
)
"""By dialect and pattern of the model's name, whatever row serves it; every pattern that fits counts, in order."""


def history_rules(row: Provider, dialect: Dialect, model: str) -> HistoryRules:
    """The rules for a model behind a row: those of the dialect, then of the model's family, then of the row."""
    name = model.casefold()
    changes: dict[str, object] = {}
    for of_dialect, pattern, rules in FAMILIES:
        if of_dialect == dialect and fnmatchcase(name, pattern):
            changes |= rules
    changes |= changes_of(row.wire.history)
    base = RULES[dialect]
    return msgspec.structs.replace(base, **changes) if changes else base


def changes_of(history: HistoryWire) -> dict[str, object]:
    """The rules that a row changes, by name."""
    return {name: value for name, value in msgspec.structs.asdict(history).items() if value is not None}


Cell = Literal["native", "fitted", "does not apply"]


class Rule(Struct, frozen=True):
    """One thing that conversations hold and readers differ in; ``cell`` says what becomes of it by a reader's rules."""

    name: str
    what: str
    cell: Callable[[HistoryRules], Cell]


def _fitted(condition: bool) -> Cell:  # noqa: FBT001
    return "fitted" if condition else "native"


MATRIX: tuple[Rule, ...] = (
    Rule(
        "ids",
        "ids of calls that another provider made are given the reader's form",
        lambda r: "does not apply" if r.call_ids == "absent" else _fitted(r.call_ids != "any"),
    ),
    Rule("unique", "an id that comes twice names one call only", lambda _: "fitted"),
    Rule(
        "results", "a call without a result gets one that says so; results stand behind their calls", lambda _: "fitted"
    ),
    Rule("blank", "blank text, and turns of nothing else or of reasoning alone, are left out", lambda _: "fitted"),
    Rule("output", "a tool's empty result is told as no output", lambda _: "fitted"),
    Rule(
        "system",
        "several system messages, or one further back, become one at the beginning",
        lambda r: "native" if r.system in ("anywhere", "apart") else "fitted",
    ),
    Rule("neighbours", "messages of one role in a row are joined", lambda r: _fitted(r.neighbours == "joined")),
    Rule(
        "begin",
        "a conversation that the assistant begins gets a turn of the user",
        lambda r: _fitted(r.begins_with_user),
    ),
    Rule(
        "after_tool",
        "the user behind a tool's result follows a turn of the assistant",
        lambda r: _fitted(not r.user_after_tool),
    ),
    Rule(
        "images",
        "images in a tool's result are shown by the user once all results are given",
        lambda r: "does not apply" if r.tool_images == "refused" else _fitted(r.tool_images == "after_results"),
    ),
    Rule(
        "definitions",
        "tools that were called are defined, also where the request has none",
        lambda r: _fitted(r.called_tools == "defined"),
    ),
    Rule("prefill", "the answer to go on with ends without white space", lambda r: _fitted(not r.trailing_space)),
    Rule("schemas", "the schema of a tool describes an object with properties", lambda _: "fitted"),
    Rule(
        "unions",
        "a union at the top of a schema is rewritten, or the tool is refused by name",
        lambda r: _fitted(r.top_unions == "refused"),
    ),
    Rule(
        "closed_answers",
        "the schema of a strict answer is closed where that loses nothing, else the answer is not strict",
        lambda r: _fitted(r.closed_answers),
    ),
    Rule("empty_reasoning", "an empty reasoning_content stands where none came", lambda r: _fitted(r.empty_reasoning)),
    Rule(
        "encrypted_reasoning",
        "reasoning that may have to go back is asked for in a form that needs no storage",
        lambda r: _fitted(r.encrypted_reasoning),
    ),
    Rule(
        "prompt_cache",
        "what may be kept for the next request is marked, or the cache is named",
        lambda r: "does not apply" if r.prompt_cache == "none" else "fitted",
    ),
    Rule("state", "what another provider keeps in its answers is left out", lambda _: "fitted"),
)
"""Every rule; ``docs/conversations.md`` shows the cells of each dialect."""
