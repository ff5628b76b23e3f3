"""The table of wire formats: name to module, loaded off the event loop when first needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from modelport.domain.ports import Completer
from modelport.domain.providers.connection import Endpoint
from modelport.lazy import LazyTable
from modelport.protocol.types import Dialect

if TYPE_CHECKING:
    from modelport.adapters.dialects.wire_format import WireFormat
    from modelport.adapters.provider_client.client import ProviderClient
    from modelport.domain.models.listing import Listing

MODULES: dict[Dialect, tuple[str, str]] = {
    "openai_chat": ("openai.chat", "OpenAIChat"),
    "openai_responses": ("openai.responses", "OpenAIResponses"),
    "openai_completions": ("openai.completions", "OpenAICompletions"),
    "anthropic_messages": ("anthropic.messages", "AnthropicMessages"),
    "gemini": ("google.generate_content", "Gemini"),
    "ollama": ("ollama.chat", "Ollama"),
    "bedrock_converse": ("bedrock.converse", "BedrockConverse"),
    "cohere_chat": ("cohere.chat", "CohereChat"),
    "opencode": ("opencode.completer", "OpenCode"),
    "mock": ("mock.completer", "Mock"),
}


WITHOUT_HTTP: frozenset[Dialect] = frozenset({"mock"})
"""The dialects that answer in this process: whatever address they are given, nothing is there to be asked."""
SEVERAL_REQUESTS: frozenset[Dialect] = frozenset({"opencode"})
"""The dialects in which a completion takes several requests, each with a completer of its own."""
OWN_COMPLETERS: frozenset[Dialect] = WITHOUT_HTTP | SEVERAL_REQUESTS
"""Those that are no ``WireFormat``."""
LISTS: dict[Dialect, tuple[str, str]] = {"opencode": ("opencode.models", "OpenCodeModels")}
"""The dialects whose list of models is another than the pages of a path."""


class ListOfModels(Protocol):
    """A list of models in a form of its own."""

    async def listing(self, endpoint: Endpoint) -> Listing:
        """All models of an endpoint.

        Raises:
            RequestFailed: the provider does not answer, or not with a list.
        """
        ...


class DialectTable:
    """The dialects of this build, over the one client that ``client`` gives; it may load it, off the event loop."""

    def __init__(self, client: Callable[[], ProviderClient]) -> None:
        self._client = client
        self._completers = LazyTable(self._load)

    def speaks(self, dialect: Dialect) -> bool:
        """Whether the build speaks it."""
        return dialect in MODULES

    async def get(self, endpoint: Endpoint) -> Completer:
        """The completer for an endpoint's dialect, loaded in a worker thread on first use."""
        return await self._completers.get(endpoint.dialect)

    def _load(self, dialect: Dialect) -> Completer:
        if dialect in WITHOUT_HTTP:
            return _class(MODULES[dialect])()
        if dialect in SEVERAL_REQUESTS:
            return _class(MODULES[dialect])(self._client())
        from modelport.adapters.dialects.http_completer import HttpCompleter

        return HttpCompleter(load_wire_format(dialect), self._client())


def load_wire_format(dialect: Dialect) -> WireFormat:
    """A wire format in which a completion is one request. Imports its modules, so call it in a worker thread."""
    return _class(MODULES[dialect])()


def load_list(dialect: Dialect, client: ProviderClient) -> ListOfModels:
    """A list of models in a form of its own. Imports its modules, so call it in a worker thread."""
    return _class(LISTS[dialect])(client)


def _class(place: tuple[str, str]) -> Any:
    module, name = place
    return getattr(import_module(f"modelport.adapters.dialects.{module}"), name)
