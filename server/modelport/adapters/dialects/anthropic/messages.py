"""Anthropic Messages: content blocks in, typed block events out.

The API version is pinned, because a newer one refuses sampling parameters.
Source: Anthropic API reference, Messages, version 2023-06-01.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from modelport.adapters.dialects.anthropic.decoder import MessagesDecoder
from modelport.adapters.dialects.anthropic.parameters import parameters
from modelport.adapters.dialects.anthropic.turns import turns
from modelport.adapters.wire.content import plain_text
from modelport.adapters.wire.prompt_cache import mark_blocks, marks_wanted
from modelport.adapters.wire.request import WireRequest, request_at, tool_choice
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.providers.rows import Provider

API_VERSION = "2023-06-01"
JSON_ONLY = "Answer with one JSON object and nothing else."


class AnthropicMessages:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "x-api-key"
    headers: ClassVar[dict[str, str]] = {"anthropic-version": API_VERSION}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        row, given = call.endpoint.provider, call.parameters
        body: dict[str, Any] = {"model": call.model, "messages": turns(call), "stream": True} | parameters(call)
        system = [plain_text(message) for message in call.messages if message.role == "system"]
        if call.answer_format is not None and call.answer_format.schema is None:
            system.append(JSON_ONLY)
        if system:
            body["system"] = "\n\n".join(system)
        if "user" in given:
            body["metadata"] = {"user_id": given["user"]}
        body |= _tools(call)
        if marks_wanted(call):
            mark_blocks(body)
        body |= row.wire.extra_body
        return request_at(call.endpoint.chat_path or "/v1/messages", call.model, body)

    def decoder(self, call: ModelCall, answer: Answer) -> MessagesDecoder:
        """A fresh decoder."""
        return MessagesDecoder(answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/v1/models" if row.wire.models_path is None else row.wire.models_path


def _tools(call: ModelCall) -> dict[str, Any]:
    wanted = tool_choice(call) or "auto"
    if not call.tools or (wanted == "none" and "none" not in call.endpoint.provider.wire.tool_choice):
        return {}
    tools = [
        {
            "name": tool.name,
            "description": tool.description or "",
            "input_schema": tool.parameters or {"type": "object", "properties": {}},
        }
        for tool in call.tools
    ]
    choice: dict[str, Any] = {"type": "any" if wanted == "required" else wanted}
    if call.named_tool:
        choice = {"type": "tool", "name": call.named_tool}
    if call.parameters.get("parallel_tool_calls") is False and wanted != "none":
        choice["disable_parallel_tool_use"] = True
    return {"tools": tools} | ({"tool_choice": choice} if len(choice) > 1 or choice["type"] != "auto" else {})
