"""Asks a model turn by turn: its settings, its target, and the messages so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from modelport.app.session import App
from modelport.domain.completions.turns import as_message
from modelport.domain.errors import ModelportError, RequestFailed
from modelport.engine.calls.recorder import Origin, new_session
from modelport.frontends.cli.chat.conversations import ConversationLog
from modelport.frontends.cli.chat.terminal import Terminal
from modelport.frontends.cli.chat.tools import Toolbox
from modelport.frontends.cli.output.printing import echo
from modelport.frontends.cli.running import Engine
from modelport.protocol.types import (
    Completion,
    ConnectProviderParams,
    CreateCompletionParams,
    Message,
    Part,
    ResponseFormat,
)

MOCK_NOTE = (
    "No provider is set up, so the embedded mock answers. To use a real one, set a key such as OPENAI_API_KEY "
    "or ANTHROPIC_API_KEY, run modelport keys set PROVIDER, or name a local server's model: -m ollama/qwen3:8b."
)


MAX_CALLS_OF_MODEL = 50
"""For one turn: a model that goes on to call tools would cost without end."""


class Settings(Struct, frozen=True, kw_only=True):
    """What is the same in every turn; ``api_base`` replaces the provider's base URL."""

    model: str | None = None
    provider: str | None = None
    api_base: str | None = None
    system: str | None = None
    parameters: dict[str, Any] = {}
    response_format: ResponseFormat | None = None
    cache: bool = True
    toolbox: Toolbox | None = None


class Target(Struct, frozen=True, kw_only=True):
    """Where a turn goes; without either the server decides."""

    provider: str | None = None
    model: str | None = None


class Dialogue:
    """A conversation with a model; ``messages`` are those of the finished turns."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        terminal: Terminal,
        log: ConversationLog | None = None,
        messages: tuple[Message, ...] = (),
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._terminal = terminal
        self._target: Target | None = None
        self._origin = Origin("modelport chat", Path.cwd().name or None, new_session())
        self._log = log
        self._said_unrecorded = False
        self.messages = messages

    def ask(self, content: str | tuple[Part, ...]) -> Completion:
        """The model's answer to one more message of the user, printed as it arrives.

        Raises:
            ModelportError: the request is wrong, or it failed; the turn is not part of the conversation.
            KeyboardInterrupt: the user stopped it; likewise.
        """
        try:
            completion, turn = self._turn((Message(role="user", content=content),))
        except KeyboardInterrupt:
            self._terminal.stopped()
            raise
        self.messages += turn
        if self._log is not None:
            self._log.add(completion, turn, self._settings.system)
        if self._terminal.unrecorded and not self._said_unrecorded:
            self._say_unrecorded()
        return completion

    def _say_unrecorded(self) -> None:
        """Says why the ledger lacks a call: with this process ends what waits in its memory for room on the disk."""
        try:
            problem = self._engine.call(lambda app: app.core.ledger.problem())
        except RequestFailed as error:
            echo(error.message, err=True)
        else:
            if problem is None:
                return
            echo(f"The usage ledger lacks this call: {problem} modelport doctor checks it.", err=True)
        self._said_unrecorded = True

    def _turn(self, turn: tuple[Message, ...]) -> tuple[Completion, tuple[Message, ...]]:
        """The last completion of a turn and its messages: calls the tools that the model asks for until it is done."""
        toolbox = self._settings.toolbox
        for _ in range(MAX_CALLS_OF_MODEL):
            completion = self._ask((*self.messages, *turn))
            self._terminal.finished(completion, show_calls=toolbox is None)
            turn = (*turn, as_message(completion))
            if toolbox is None or not completion.tool_calls:
                return completion, turn
            turn += tuple(
                Message(role="tool", content=toolbox.run(call), tool_call_id=call.id) for call in completion.tool_calls
            )
        raise ModelportError(
            f"The model was still calling tools after {MAX_CALLS_OF_MODEL} answers: ask for less at once.",
            action="ask for less at once",
        )

    def _ask(self, messages: tuple[Message, ...]) -> Completion:
        return self._engine.call(lambda app: self._complete(app, messages))

    async def _complete(self, app: App, messages: tuple[Message, ...]) -> Completion:
        target = self._target or await find_target(app, self._settings)
        params = CreateCompletionParams(
            provider=target.provider,
            model=target.model,
            system=self._settings.system,
            messages=messages,
            tools=self._settings.toolbox.tools if self._settings.toolbox else None,
            parameters=self._settings.parameters,
            response_format=self._settings.response_format,
            cache=self._settings.cache,
            resets=self._terminal.takes_back,
        )
        completion = await (await app.completions.get()).create(params, self._terminal, self._origin)
        # The model that has answered also answers the next turn, unless it is one of a chain, which begins anew.
        of_chain = completion.resolved_by == "chain"
        self._target = target if of_chain else Target(provider=completion.provider, model=completion.model)
        return completion


async def find_target(app: App, settings: Settings) -> Target:
    """The target that the settings name, else none, which leaves it to the server, or the mock where it has none.

    Raises:
        InvalidParams: ``api_base`` is no address, or the provider is unknown.
    """
    if settings.api_base is not None:
        connection = await app.connections.connect(
            ConnectProviderParams(
                provider=settings.provider, model=settings.model, base_url=settings.api_base, verify=False
            )
        )
        return Target(provider=connection.provider)
    if settings.provider or settings.model:
        return Target(provider=settings.provider, model=settings.model)
    if app.connections.has_chain or not app.connections.takes_defaults(None) or await app.defaults.targets():
        return Target()
    echo(MOCK_NOTE, err=True)
    return Target(model="mock")
