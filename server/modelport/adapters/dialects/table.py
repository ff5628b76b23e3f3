"""The table of wire formats: name to module, loaded off the event loop when first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.ports import Completer
from modelport.domain.providers.connection import Endpoint
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect

MODULES: dict[Dialect, tuple[str, str]] = {
    "openai_chat": ("openai.chat", "OpenAIChat"),
    "openai_responses": ("openai.responses", "OpenAIResponses"),
    "openai_completions": ("openai.completions", "OpenAICompletions"),
    "anthropic_messages": ("anthropic.messages", "AnthropicMessages"),
    "gemini": ("google.generate_content", "Gemini"),
    "ollama": ("ollama.chat", "Ollama"),
    "bedrock_converse": ("bedrock.converse", "BedrockConverse"),
    "cohere_chat": ("cohere.chat", "CohereChat"),
    "mock": ("mock.completer", "Mock"),
}


class DialectTable:
    """The dialects of this build, over one client."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client
        self._completers = LazyTable(self._load)

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        return dialect in MODULES

    async def get(self, endpoint: Endpoint) -> Completer:
        """The completer for an endpoint's dialect, loaded in a worker thread on first use."""
        return await self._completers.get(endpoint.dialect)

    def _load(self, dialect: Dialect) -> Completer:
        if dialect == "mock":
            return _made(dialect)
        from modelport.adapters.dialects.http_completer import HttpCompleter

        return HttpCompleter(load_wire_format(dialect), self._client)


def load_wire_format(dialect: Dialect) -> WireFormat:
    """A wire format over HTTP. Imports its modules, so call it in a worker thread."""
    return _made(dialect)


def _made(dialect: Dialect) -> Any:
    module, name = MODULES[dialect]
    return getattr(import_module(f"modelport.adapters.dialects.{module}"), name)()
