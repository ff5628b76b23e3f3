"""The model families that differ from the rules of their wire format, whatever row serves them.

Sources: the vendors' API references and error messages: Anthropic (ids of ``tool_use``, prefill of answers up to Claude
4.5, loops of calls that begin with signed thinking), Mistral (``Expected last role User or Tool``), DeepSeek and
Moonshot (``reasoning_content``), Google ("Thought signatures", ``function response turn``), OpenAI (function schemas).
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from modelport.protocol.types import Dialect

Changes = Mapping[str, object]

_CLAUDE_CHAT: Changes = {
    "call_ids": "short_word",
    "called_tools": "defined",
    "trailing_space": False,
    "top_unions": "refused",
    "property_names": "word",
    "prompt_cache": "marks",
}
_MISTRAL: Changes = {"call_ids": "nine", "user_after_tool": False, "ends_with_user": True}
_ENCRYPTED: Changes = {"encrypted_reasoning": True}
_EMPTY: Changes = {"empty_reasoning": True}
_DEEPSEEK: Changes = {"empty_reasoning": True, "ends_with_user": True}
_SIGNED: Changes = {"signed_calls": True}
_UNSIGNED: Changes = {"signed_calls": False}
_NO_UNIONS: Changes = {"top_unions": "refused"}
_PREFILLED: Changes = {"ends_with_user": False, "prefill": True}
_OLD_THINKER: Changes = {**_PREFILLED, "signed_loops": "always", "exclusive_reasoning": "sampling"}
_TO_CLAUDE: tuple[Dialect, ...] = ("anthropic_messages", "bedrock_converse", "openai_chat")
_CLAUDES: tuple[tuple[str, Changes], ...] = (
    ("*claude*", {"ends_with_user": True, "exclusive_reasoning": "forced_calls"}),
    ("*claude-v*", _PREFILLED),
    ("*claude-2*", _PREFILLED),
    ("*claude-instant*", _PREFILLED),
    ("*claude-3[-.]5*", _PREFILLED),
    ("*claude-3-[hos]*", _PREFILLED),
    ("*claude-*-4[-.]6*", {"signed_loops": "budgets", "exclusive_reasoning": "sampling"}),
    ("*claude-3[-.]7*", _OLD_THINKER),
    ("*claude-*-4", _OLD_THINKER),
    ("*claude-*-4[:@]*", _OLD_THINKER),
    ("*claude-*-4[-.][0-5]*", _OLD_THINKER),
    ("*claude-4-[hos]*", _OLD_THINKER),
    ("*claude-4[-.][0-5]-*", _OLD_THINKER),
)
"""A Claude that is not known is taken for a new one."""

FAMILIES: tuple[tuple[Dialect, str, Changes], ...] = (
    *((dialect, pattern, changes) for dialect in _TO_CLAUDE for pattern, changes in _CLAUDES),
    ("openai_chat", "*claude*", _CLAUDE_CHAT),
    ("openai_chat", "*mistral*", _MISTRAL),
    ("openai_chat", "*mixtral*", _MISTRAL),
    ("openai_chat", "*ministral*", _MISTRAL),
    ("openai_chat", "*magistral*", _MISTRAL),
    ("openai_chat", "*devstral*", _MISTRAL),
    ("openai_chat", "*codestral*", _MISTRAL),
    ("openai_chat", "*pixtral*", _MISTRAL),
    ("openai_chat", "*voxtral*", _MISTRAL),
    ("openai_chat", "*deepseek-v4*", _DEEPSEEK),
    ("openai_chat", "*deepseek-reasoner*", _DEEPSEEK),
    ("openai_chat", "*kimi-k2*thinking*", _EMPTY),
    ("openai_chat", "*kimi-k2.[5-9]*", _EMPTY),
    ("openai_chat", "*kimi-k[3-9]*", _EMPTY),
    ("openai_chat", "*kimi-for-coding*", _EMPTY),
    ("openai_chat", "gpt-[4-9]*", _NO_UNIONS),
    ("openai_chat", "*/gpt-[4-9]*", _NO_UNIONS),
    ("openai_chat", "chatgpt-*", _NO_UNIONS),
    ("openai_chat", "*/chatgpt-*", _NO_UNIONS),
    ("openai_chat", "o[1-9]*", _NO_UNIONS),
    ("openai_chat", "*/o[1-9]*", _NO_UNIONS),
    ("openai_chat", "*gemini*", {"references": "replaced", "schema_subset": "openapi", "ends_with_user": True}),
    *((dialect, "*gemini-*", _SIGNED) for dialect in ("gemini", "openai_chat")),
    *((dialect, "*gemini-[12].*", _UNSIGNED) for dialect in ("gemini", "openai_chat")),
    ("openai_responses", "gpt-[34]*", {"encrypted_reasoning": False}),
    ("openai_responses", "*/gpt-[34]*", {"encrypted_reasoning": False}),
    ("openai_responses", "*-chat*", {"encrypted_reasoning": False}),
    ("openai_responses", "*chatgpt-*", {"encrypted_reasoning": False}),
    ("bedrock_converse", "*claude*", {"top_unions": "refused", "property_names": "word", "prompt_cache": "marks"}),
    ("bedrock_converse", "*claude-v*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-instant*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-3-[hos]*", {"prompt_cache": "none"}),
    ("bedrock_converse", "*claude-3-5-sonnet-20240620*", {"prompt_cache": "none"}),
)
"""By dialect and pattern of the model's name; every pattern that fits counts, in order."""


# A request asks five times, always about its model; the answer depends on nothing else.
@lru_cache(maxsize=64)
def changes_of_families(dialect: Dialect, model: str) -> tuple[Changes, ...]:
    """What the families that a model belongs to change, in order."""
    name = model.casefold()
    return tuple(changes for of, pattern, changes in FAMILIES if of == dialect and fnmatchcase(name, pattern))
