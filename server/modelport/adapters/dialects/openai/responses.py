"""OpenAI Responses: typed input items in, typed events out.

Source: OpenAI API reference, Responses.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from modelport.adapters.dialects.openai.input_items import instructions, items
from modelport.adapters.dialects.openai.responses_decoder import ResponsesDecoder
from modelport.adapters.wire.prompt_cache import cache_key
from modelport.adapters.wire.request import WireRequest, answer_format, tool_choice
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.fitting.rules import history_rules
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.providers.rows import Provider

PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
    "parallel_tool_calls": "parallel_tool_calls",
    "user": "user",
}


class OpenAIResponses:
    """The wire format."""

    framing: Literal["sse", "json_lines"] = "sse"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        row = call.endpoint.provider
        accepted = (set(PARAMETERS) | {"reasoning_effort"}) - set(row.wire.refused_parameters)
        refuse_others(call.parameters, accepted, provider=row.id, model=call.model)
        body: dict[str, Any] = {
            "model": call.model,
            "input": [item for message in call.messages for item in items(message, call)],
            "stream": True,
        }
        if system := instructions(call.messages):
            body["instructions"] = system
        body |= {PARAMETERS[name]: value for name, value in call.parameters.items() if name in PARAMETERS}
        if effort := call.parameters.get("reasoning_effort"):
            body["reasoning"] = {"effort": effort} | ({} if effort == "none" else {"summary": "auto"})
        rules = history_rules(row, call.endpoint.dialect, call.model)
        if effort != "none" and (rules.encrypted_reasoning or (effort and row.wire.echo_reasoning)):
            # Where the vendor does not store the answers, the reasoning itself comes, encrypted.
            body["include"] = ["reasoning.encrypted_content"]
        body |= self._tools(call) | self._form(call) | cache_key(call) | row.wire.extra_body
        return WireRequest(call.endpoint.chat_path or "/responses", body)

    def decoder(self, call: ModelCall, answer: Answer) -> ResponsesDecoder:
        """A fresh decoder."""
        return ResponsesDecoder(answer)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models."""
        return "/models" if row.wire.models_path is None else row.wire.models_path

    def _tools(self, call: ModelCall) -> dict[str, Any]:
        choice = tool_choice(call)
        if not call.tools or choice == "none":
            return {}
        tools = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description or "",
                "parameters": tool.parameters or {"type": "object", "properties": {}},
                "strict": False,
            }
            for tool in call.tools
        ]
        if isinstance(choice, dict):
            choice = {"type": "function", "name": call.named_tool}
        return {"tools": tools} | ({"tool_choice": choice} if choice is not None else {})

    def _form(self, call: ModelCall) -> dict[str, Any]:
        form = answer_format(call)
        if form is None:
            return {}
        return {"text": {"format": {"type": form["type"], **form.get("json_schema", {})}}}
