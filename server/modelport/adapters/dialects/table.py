"""The table of wire formats: name to module, loaded off the event loop when first needed."""

from __future__ import annotations

import anyio
import anyio.to_thread

from modelport.adapters.http.exchange import Exchange
from modelport.domain.ports import Completer
from modelport.protocol.types import Dialect

MODULES: dict[Dialect, tuple[str, str]] = {
    "openai_chat": ("openai_chat", "OpenAIChat"),
    "openai_responses": ("openai_responses", "OpenAIResponses"),
    "openai_completions": ("openai_completions", "OpenAICompletions"),
    "anthropic_messages": ("anthropic_messages", "AnthropicMessages"),
    "gemini": ("gemini", "Gemini"),
    "ollama": ("ollama", "Ollama"),
    "bedrock_converse": ("bedrock_converse", "BedrockConverse"),
    "cohere_chat": ("cohere_chat", "CohereChat"),
    "mock": ("mock", "Mock"),
}


class DialectTable:
    """The dialects of this build, over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._loaded: dict[Dialect, Completer] = {}
        self._lock = anyio.Lock()

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        return dialect in MODULES

    async def get(self, dialect: Dialect) -> Completer:
        """The dialect, loaded in a worker thread on first use."""
        completer = self._loaded.get(dialect)
        if completer is None:
            async with self._lock:
                completer = await anyio.to_thread.run_sync(self._load, dialect)
                self._loaded[dialect] = completer
        return completer

    def _load(self, dialect: Dialect) -> Completer:
        from importlib import import_module

        module, name = MODULES[dialect]
        wire = getattr(import_module(f"modelport.adapters.dialects.{module}"), name)()
        if dialect == "mock":
            return wire
        from modelport.adapters.dialects.http_completer import HttpCompleter

        return HttpCompleter(wire, self._exchange)
