"""What the vendors' services refuse although their types allow it: ids, order, pairs, blank text.

Written from the vendors' documents and error messages, and from the chat templates of the models, not from the rules
that the server keeps.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from support.vendor_readers.types import Refused, gemini_schema

Body = Mapping[str, Any]
WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NINE = re.compile(r"[a-zA-Z0-9]{9}")


def need(condition: object, why: str) -> None:
    if not condition:
        raise Refused(why)


def filled(content: Any, where: str) -> None:
    """Text and parts of text are not blank."""
    if isinstance(content, str):
        need(content.strip(), f"blank text in {where}")
        return
    need(content, f"no content in {where}")
    for part in content:
        if "text" in part and isinstance(part["text"], str):
            need(part["text"].strip(), f"a blank part in {where}")


def alternating(roles: Sequence[str], first: str = "user") -> None:
    need(roles and roles[0] == first, f"begins with {roles[:1]}")
    for one, next_one in itertools.pairwise(roles):
        need(one != next_one, f"two messages of {one} in a row")


def ends_with_user(roles: Sequence[str]) -> None:
    need(roles[-1] in ("user", "tool"), "the last message is the assistant's")


def chat(body: Body, ids: re.Pattern[str] = re.compile(r".{1,40}", re.DOTALL)) -> None:
    """OpenAI Chat Completions."""
    seen: set[str] = set()
    open_calls: list[str] = []
    for message in body["messages"]:
        role = message["role"]
        if role == "tool":
            need(message["tool_call_id"] in open_calls, "a result without its call before it")
            open_calls.remove(message["tool_call_id"])
            filled(message["content"], "tool")
            continue
        need(not open_calls, f"calls without a result: {open_calls}")
        calls = message.get("tool_calls") or ()
        if not calls:
            filled(message["content"], role)
        if role != "user":
            need(not any(part.get("type") == "image_url" for part in message["content"] or () if isinstance(part, dict)),
                 f"an image in {role}")  # fmt: skip
        for call in calls:
            need(ids.fullmatch(call["id"]), f"the id {call['id']!r}")
            need(call["id"] not in seen, f"the id {call['id']!r} twice")
            need(isinstance(json.loads(call["function"]["arguments"]), dict), "arguments that are no object")
            seen.add(call["id"])
            open_calls.append(call["id"])
    need(not open_calls, f"calls without a result: {open_calls}")
    definitions(tool["function"] for tool in body.get("tools", ()))


def template(body: Body) -> None:
    """The chat templates of Qwen and Gemma: system text first and once, then user and assistant in turn."""
    chat(body)
    roles = [message["role"] for message in body["messages"]]
    need("system" not in roles[1:], "a system message that is not the first")
    turns = [role for role in roles if role in ("user", "assistant")]
    need(turns[0] == "user", "begins with the assistant")
    for before, role in itertools.pairwise(roles):
        need(not (before == role and role in ("user", "assistant")), f"two messages of {role} in a row")


def mistral(body: Body) -> None:
    chat(body, NINE)
    roles = [message["role"] for message in body["messages"]]
    need(("tool", "user") not in set(itertools.pairwise(roles)), "the user behind a tool's result")
    ends_with_user(roles)


def deepseek(body: Body) -> None:
    """DeepSeek V4, which goes on with no answer besides."""
    reasoning_content(body)
    ends_with_user([message["role"] for message in body["messages"]])


def gemini_chat(body: Body) -> None:
    """Gemini from 3 on behind Chat Completions: the first call of a turn is signed, or has what stands for that."""
    template(body)
    ends_with_user([message["role"] for message in body["messages"]])
    for message in body["messages"]:
        for made in (message.get("tool_calls") or ())[:1]:
            signature = made.get("extra_content", {}).get("google", {}).get("thought_signature")
            need(signature, "a call without its signature")
    for tool in body.get("tools", ()):
        gemini_schema(tool["function"]["parameters"])


def reasoning_content(body: Body) -> None:
    """DeepSeek V4 and Kimi, thinking: each message of the assistant has it while there are tools."""
    chat(body)
    if body.get("tools"):
        for message in body["messages"]:
            need(message["role"] != "assistant" or "reasoning_content" in message, "no reasoning_content")


def claude_chat(body: Body) -> None:
    """Claude from 4.6 on behind a gateway that speaks Chat Completions, which passes ids and order on."""
    template(body)
    chat(body, WORD)  # besides the 40 characters of the format
    ends_with_user([message["role"] for message in body["messages"]])
    for message in body["messages"]:
        content = message.get("content")
        need(content is None or not isinstance(content, str) or content.strip(), "blank text")
    called = any(message.get("tool_calls") for message in body["messages"])
    need(not called or body.get("tools"), "calls without definitions of tools")


def responses(body: Body) -> None:
    calls: list[str] = []
    open_calls: list[str] = []
    pending = False
    for item in body["input"]:
        kind = item.get("type", "message")
        if kind == "reasoning":
            pending = True
            continue
        if kind == "function_call_output":
            need(item["call_id"] in open_calls, "an output without its call")
            open_calls.remove(item["call_id"])
            filled(item["output"], "output")
        elif kind == "function_call":
            need(WORD.fullmatch(item["call_id"]), f"the id {item['call_id']!r}")
            need(item["call_id"] not in calls, "an id twice")
            json.loads(item["arguments"])
            calls.append(item["call_id"])
            open_calls.append(item["call_id"])
        else:
            # What the model says behind its calls comes before their outputs.
            need(not open_calls or item["role"] == "assistant", "calls without an output")
            need(not (pending and item["role"] != "assistant"), "reasoning without what followed")
            filled(item["content"], item["role"])
            need(item["role"] == "user" or isinstance(item["content"], str), "parts of the user's in an answer")
        pending = False
    need(not pending, "reasoning without what followed")
    need(not open_calls, "calls without an output")
    definitions(body.get("tools", ()))


def anthropic(body: Body) -> None:
    blocks(body, "tool_use", "tool_result", lambda block: block.get("type"), lambda block: block)
    definitions(body.get("tools", ()), lambda tool: tool["input_schema"])
    for message in body["messages"]:
        for block in message["content"]:
            need(message["role"] == "user" or block["type"] not in ("image", "tool_result"), "misplaced block")
            if block["type"] == "thinking":
                need(block.get("signature"), "thinking without its signature")


def new_claude(body: Body) -> None:
    """Claude from 4.6 on, which goes on with no answer."""
    anthropic(body)
    ends_with_user([message["role"] for message in body["messages"]])


def bedrock(body: Body) -> None:
    blocks(body, "toolUse", "toolResult", lambda block: next(iter(block)), lambda block: next(iter(block.values())))
    tools = (tool["toolSpec"] for tool in body.get("toolConfig", {}).get("tools", ()))
    definitions(tools, lambda tool: tool["inputSchema"]["json"])


def blocks(body: Body, use: str, result: str, kind: Callable[[Any], Any], inner: Callable[[Any], Any]) -> None:
    """Turns of blocks: Anthropic Messages and Converse."""
    alternating([message["role"] for message in body["messages"]])
    seen: set[str] = set()
    open_calls: list[str] = []
    called = False
    for message in body["messages"]:
        need(message["content"], "an empty turn")
        kinds = [kind(block) for block in message["content"]]
        need(message["role"] == "user" or "image" not in kinds, "an image in an answer")
        thoughts = ("thinking", "redacted_thinking", "reasoningContent")
        need(message["role"] == "user" or kinds[-1] not in thoughts, "the final block is thinking")
        results = [_id(inner(b), "tool_use_id", "toolUseId") for b in message["content"] if kind(b) == result]
        need(sorted(results) == sorted(open_calls), f"results {results} for the calls {open_calls}")
        need(kinds[: len(results)] == [result] * len(results), "results that do not come first")
        open_calls = [_id(inner(b), "id", "toolUseId") for b in message["content"] if kind(b) == use]
        called = called or bool(open_calls)
        for call_id in open_calls:
            need(WORD.fullmatch(call_id), f"the id {call_id!r}")
            need(call_id not in seen, "an id twice")
            seen.add(call_id)
        for block in message["content"]:
            if kind(block) == "text":
                need(block["text"].strip(), "a blank text")
            if kind(block) == result:
                filled(inner(block)["content"], "result")
    need(not open_calls, "calls without a result")
    need(not called or body.get("tools") or body.get("toolConfig"), "calls without definitions of tools")
    last = body["messages"][-1]
    end = last["content"][-1].get("text") or ""
    need(last["role"] != "assistant" or end == end.rstrip(), "an end in white space")
    for block in body.get("system") or () if isinstance(body.get("system"), list) else ():
        need(block["text"].strip(), "a blank system text")


def gemini(body: Body) -> None:
    for tool in body.get("tools", ()):
        for function in tool["functionDeclarations"]:
            need(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", function["name"]), f"the tool {function['name']!r}")
    alternating([content["role"] for content in body["contents"]])
    need(body["contents"][-1]["role"] == "user", "the last turn is the model's")
    names: list[str] = []
    for content in body["contents"]:
        need(content["parts"], "an empty turn")
        for part in content["parts"]:
            # A signature may come on a text of its own that is empty, and has to go back so.
            need("text" not in part or part["text"] or "thoughtSignature" in part, "an empty text")
        answered = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
        need(answered == names, f"responses {answered} for the calls {names}")
        names = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
    need(not names, "calls without a response")


def ollama(body: Body) -> None:
    roles = [message["role"] for message in body["messages"]]
    need("system" not in roles[1:], "a system message that is not the first")
    left = 0
    for message in body["messages"]:
        if message["role"] == "tool":
            need(left, "a result without its call")
            need(message.get("tool_name"), "a result without the tool's name")
            need(not message.get("images"), "an image in a result")
            left -= 1
        else:
            need(not left, "calls without a result")
            need(message["content"].strip() or message.get("tool_calls") or message.get("images"), "an empty turn")
        left += len(message.get("tool_calls") or ())
    need(not left, "calls without a result")
    for before, role in itertools.pairwise(roles):
        need(not (before == role and role in ("user", "assistant")), f"two messages of {role} in a row")


def cohere(body: Body) -> None:
    seen: set[str] = set()
    open_calls: list[str] = []
    for message in body["messages"]:
        if message["role"] == "tool":
            need(message["tool_call_id"] in open_calls, "a result without its call")
            open_calls.remove(message["tool_call_id"])
            continue
        need(not open_calls, "calls without a result")
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        need(not seen & set(ids) and len(set(ids)) == len(ids), "an id twice")
        seen |= set(ids)
        open_calls += ids
        if not ids:
            filled(message["content"], message["role"])
    need(not open_calls, "calls without a result")


def definitions(tools: Iterable[Any], schema_of: Callable[[Any], Any] = lambda tool: tool["parameters"]) -> None:
    for tool in tools:
        need(WORD.fullmatch(tool["name"]), f"the tool {tool['name']!r}")
        schema = schema_of(tool)
        need(schema.get("type") == "object", "a schema that is no object")
        need("properties" in schema, "a schema without properties")


def _id(block: Mapping[str, Any], *names: str) -> str:
    return next(block[name] for name in names if name in block)
