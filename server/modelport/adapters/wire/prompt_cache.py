"""Marks what a provider may keep of a request, so that the next turn of a conversation pays for its end only.

A mark says that everything before it may be kept. They stand behind the tools, the system text and the last two turns
of the user: the next request finds the last of this one as the first of its two. Marks are no part of what is compared.
Source: Anthropic documentation, "Prompt caching" (four marks at most); Amazon Bedrock documentation, "Prompt caching";
OpenRouter documentation, "Prompt caching"; OpenAI documentation, "Prompt caching" (``prompt_cache_key``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from modelport.adapters.wire.content import plain_text
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.rules import history_rules

Body = dict[str, Any]
MARK: dict[str, Any] = {"type": "ephemeral"}
POINT: dict[str, Any] = {"cachePoint": {"type": "default"}}
LAST_TURNS = 2


def marks_wanted(call: ModelCall) -> bool:
    """Whether the provider takes marks for this model, and the caller has not turned them off."""
    return call.cache and _rule(call) == "marks"


def mark_blocks(body: Body) -> None:
    """Marks a request of Anthropic Messages in place; its system text becomes a block."""
    for tool in body.get("tools", ())[-1:]:
        tool["cache_control"] = MARK
    if system := body.get("system"):
        body["system"] = [{"type": "text", "text": system, "cache_control": MARK}]
    for turn in _last_turns(body["messages"]):
        turn["content"][-1] = turn["content"][-1] | {"cache_control": MARK}


def add_cache_points(body: Body) -> None:
    """Adds the points of Converse to a request in place."""
    for kept in (body.get("toolConfig", {}).get("tools"), body.get("system")):
        if kept:
            kept.append(POINT)
    for turn in _last_turns(body["messages"]):
        turn["content"].append(POINT)


def mark_messages(messages: Sequence[Body]) -> None:
    """Marks messages of Chat Completions in place, for a gateway that passes marks on; text becomes a part.

    Behind a gateway the tools come before the system text, so that its mark covers them.
    """
    spoken = [message for message in messages if message["role"] in ("user", "tool")]
    for message in [*(m for m in messages[:1] if m["role"] == "system"), *spoken[-LAST_TURNS:]]:
        content = message["content"]
        parts: list[Body] = [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())
        if parts:
            parts[-1] = parts[-1] | {"cache_control": MARK}
            message["content"] = parts


def cache_key(call: ModelCall) -> Body:
    """The field that sends all turns of a conversation to the same cache; empty where the provider has none.

    The key is a digest of how the conversation begins, so that it tells nothing and stays the same.
    """
    if not call.cache or _rule(call) != "key":
        return {}
    begin = [message for message in call.messages if message.role == "system"]
    begin += [message for message in call.messages if message.role == "user"][:1]
    digest = hashlib.sha256("\0".join(map(plain_text, begin)).encode("utf-8", "surrogatepass"))
    return {"prompt_cache_key": f"modelport-{digest.hexdigest()[:32]}"}


def _last_turns(messages: Sequence[Body]) -> list[Body]:
    return [message for message in messages if message["role"] == "user"][-LAST_TURNS:]


def _rule(call: ModelCall) -> str:
    rules = history_rules(call.endpoint.provider, call.endpoint.dialect, call.model)
    if rules.prompt_cache == "claude_marks":
        return "marks" if "claude" in call.model.casefold() else "none"
    return rules.prompt_cache
