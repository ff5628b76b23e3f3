"""OpenAI Chat Completions, as OpenAI and the many compatible servers speak it.

Source: OpenAI API reference, Chat Completions; the servers' differences are flags of their rows.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from modelport.adapters.dialects.openai.chat_decoder import ChatDecoder
from modelport.adapters.dialects.openai.request import parameters
from modelport.adapters.dialects.openai.turns import chat_messages, chat_tool
from modelport.adapters.wire.request import WireRequest, answer_format, tool_choice
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.rows import Provider


class OpenAIChat:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        wire = call.endpoint.provider.wire
        body: dict[str, Any] = {
            "model": call.model,
            "messages": chat_messages(call.messages, call),
            "stream": True,
        }
        if wire.stream_usage == "ask":
            body["stream_options"] = {"include_usage": True}
        choice = tool_choice(call)
        if call.tools and choice != "none":
            body["tools"] = [chat_tool(tool) for tool in call.tools]
            if choice is not None:
                body["tool_choice"] = choice
        if (form := answer_format(call)) is not None:
            body["response_format"] = form
        body |= parameters(call) | wire.extra_body
        return WireRequest(call.endpoint.chat_path or "/chat/completions", body)

    def decoder(self, call: ModelCall, answer: Answer) -> ChatDecoder:
        """A fresh decoder."""
        return ChatDecoder(call.endpoint.provider, answer, frozenset(tool.name for tool in call.tools))

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/models" if row.wire.models_path is None else row.wire.models_path
