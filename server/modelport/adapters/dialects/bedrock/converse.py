"""Amazon Bedrock's Converse: one shape for the models of many makers, events in AWS's binary framing.

Source: Amazon Bedrock API reference, ConverseStream and ConverseStreamOutput.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from modelport.adapters.dialects.bedrock import models as bedrock_models
from modelport.adapters.dialects.bedrock import request as bedrock_request
from modelport.adapters.dialects.bedrock.decoder import ConverseDecoder
from modelport.adapters.wire.prompt_cache import add_cache_points, marks_wanted
from modelport.adapters.wire.request import WireRequest, request_at
from modelport.domain.completions.call import Answer, ModelCall
from modelport.domain.completions.parameters import refuse_others
from modelport.domain.providers.rows import Provider

CHAT_PATH = "/model/{model}/converse-stream"
PARAMETERS = {"temperature": "temperature", "top_p": "topP", "stop": "stopSequences"}


class BedrockConverse:
    """The wire format."""

    framing: Literal["event_stream"] = "event_stream"
    key_header = "Authorization"
    headers: ClassVar[dict[str, str]] = {}

    def request(self, call: ModelCall) -> WireRequest:
        """The request for a call."""
        row, given = call.endpoint.provider, call.parameters
        accepted = bedrock_models.accepted_parameters(call) - set(row.wire.refused_parameters)
        refuse_others(given, accepted, provider=row.id, model=call.model)
        body: dict[str, Any] = {"messages": bedrock_request.turns(call)}
        if system := bedrock_request.system(call):
            body["system"] = system
        inference = {PARAMETERS[name]: value for name, value in given.items() if name in PARAMETERS}
        if (limit := bedrock_models.max_tokens(call)) is not None:
            inference["maxTokens"] = limit
        if inference:
            body["inferenceConfig"] = inference
        body |= bedrock_request.tools(call) | bedrock_request.output(call)
        if more := body.get("additionalModelRequestFields", {}) | bedrock_models.additional_fields(call):
            body["additionalModelRequestFields"] = more
        if marks_wanted(call):
            add_cache_points(body)
        body |= row.wire.extra_body
        return request_at(call.endpoint.chat_path or CHAT_PATH, call.model, body)

    def decoder(self, call: ModelCall, answer: Answer) -> ConverseDecoder:
        """A fresh decoder."""
        return ConverseDecoder(answer, call.model)

    def models_path(self, row: Provider) -> str:
        """The path that lists the models; its host is in the row."""
        return row.wire.models_path or ""
