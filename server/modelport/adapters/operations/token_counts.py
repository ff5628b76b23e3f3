"""Counts tokens where a provider has an endpoint for it. The body is the dialect's own, cut to what counting takes.

Source: Anthropic API reference, Count tokens; Gemini API reference, models.countTokens; Agent Platform REST reference,
publishers.models.countTokens; OpenAI API reference, Responses, input tokens; llama.cpp server README; vLLM
documentation, Tokenizer API; Moonshot documentation, Estimate tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from modelport.adapters.operations import mock
from modelport.adapters.operations.replies import count_at, google_model, google_path, read
from modelport.adapters.operations.sender import Sender
from modelport.adapters.wire.errors import NotUnderstood
from modelport.adapters.wire.request import WireRequest
from modelport.domain.completions.call import ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.operations.calls import CountCall, TokenCount, speaks_as_its_row
from modelport.domain.providers.wire.operations import TokenCountWire
from modelport.protocol.shapes import is_list
from modelport.protocol.types import Dialect, ImagePart

ANTHROPIC_FIELDS = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
RESPONSES_FIELDS = (
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
)
GOOGLE_FIELDS = ("contents", "systemInstruction", "tools", "generationConfig")
CHAT_FIELDS = ("model", "messages", "tools")
NO_SUCH_PATH = (404, 405)

Body = dict[str, Any]


class Form(Struct, frozen=True):
    """One vendor's form: the dialect whose body it takes, its request, and where the count stands in the reply."""

    dialect: Dialect
    path: Callable[[ModelCall], str]
    body: Callable[[ModelCall, Body], Body]
    count: str


async def count(sender: Sender, call: CountCall) -> TokenCount | None:
    """The provider's count; None where it has no endpoint for it."""
    endpoint = call.endpoint
    if endpoint.dialect == "mock":
        return await mock.count(call)
    wire = endpoint.provider.wire.token_count
    if wire is None or not speaks_as_its_row(endpoint):
        return None
    try:
        return await _counted(sender, wire, call)
    except RequestFailed as failure:
        # A gateway in front of the provider that forwards only completions.
        if failure.kind == "invalid_response" and failure.http_status in NO_SUCH_PATH:
            return None
        raise


async def _counted(sender: Sender, wire: TokenCountWire, call: CountCall) -> TokenCount | None:
    dialect = _FORMS[str(wire.form)].dialect
    # The state of an earlier answer is of the dialect that writes the body, or of no use to it.
    endpoint = msgspec.structs.replace(call.endpoint, dialect=dialect)
    try:
        model_call = fit(ModelCall(endpoint=endpoint, model=call.model, messages=call.messages, tools=call.tools))
    except InvalidParams:
        # What no completion could be asked for, such as blank text, no provider counts.
        return None
    written = (await sender.wire(dialect)).request(model_call).body
    if wire.form == "llama_cpp":
        if any(isinstance(part, ImagePart) for message in call.messages for part in message.content or ()):
            return None
        template = WireRequest("/../apply-template", _only(written, CHAT_FIELDS))
        written = await sender.post(call.endpoint, call.model, template, prompt)
    number = await sender.post(
        call.endpoint, call.model, request(wire, model_call, written), lambda body: decode(wire, body)
    )
    return TokenCount(number, wire.estimates)


def request(wire: TokenCountWire, call: ModelCall, written: Body) -> WireRequest:
    """The request, from the body that the dialect wrote for the call."""
    form = _FORMS[str(wire.form)]
    return WireRequest(wire.path or form.path(call), form.body(call, written))


def decode(wire: TokenCountWire, body: bytes) -> int:
    """The count in a reply.

    Raises:
        NotUnderstood: there is none.
        ProviderRefused: it holds an error.
    """
    reply = read(body)
    if is_list(tokens := reply.get("tokens")) and wire.form == "llama_cpp":
        return len(tokens)
    count = count_at(reply, _FORMS[str(wire.form)].count)
    if count is None:
        raise NotUnderstood(body[:200], "no count of tokens")
    return count


def prompt(body: bytes) -> Body:
    """The text that llama.cpp is to count: the messages in its template.

    Raises:
        NotUnderstood: there is no text.
    """
    text = read(body).get("prompt")
    if not isinstance(text, str):
        raise NotUnderstood(body[:200], "no prompt")
    return {"content": text, "add_special": True, "parse_special": True}


def _only(body: Body, fields: tuple[str, ...]) -> Body:
    return {name: body[name] for name in fields if name in body}


def _anthropic_path(call: ModelCall) -> str:
    return (call.endpoint.chat_path or "/v1/messages").partition("?")[0] + "/count_tokens"


def _gemini(call: ModelCall, written: Body) -> Body:
    return {"generateContentRequest": {"model": f"models/{google_model(call.model)}", **written}}


def _google_path(call: ModelCall) -> str:
    return google_path(call.endpoint, call.model, "countTokens")


_FORMS: Mapping[str, Form] = {
    "anthropic": Form(
        "anthropic_messages", _anthropic_path, lambda _, body: _only(body, ANTHROPIC_FIELDS), "input_tokens"
    ),
    "gemini": Form("gemini", _google_path, _gemini, "totalTokens"),
    "vertex": Form("gemini", _google_path, lambda _, body: _only(body, GOOGLE_FIELDS), "totalTokens"),
    "responses": Form(
        "openai_responses",
        lambda _: "/responses/input_tokens",
        lambda _, body: _only(body, RESPONSES_FIELDS),
        "input_tokens",
    ),
    "llama_cpp": Form("openai_chat", lambda _: "/../tokenize", lambda _, body: body, "tokens"),
    "vllm": Form("openai_chat", lambda _: "/../tokenize", lambda _, body: _only(body, CHAT_FIELDS), "count"),
    "moonshot": Form(
        "openai_chat",
        lambda _: "/tokenizers/estimate-token-count",
        lambda _, body: _only(body, CHAT_FIELDS),
        "data.total_tokens",
    ),
}
