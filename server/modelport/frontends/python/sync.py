"""The synchronous twin of the client: the same calls, for programs without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from modelport.frontends.python.background import Background
from modelport.frontends.python.client import Client
from modelport.frontends.python.completions import Stream
from modelport.frontends.python.streams import Operation, ResultStream
from modelport.frontends.python.sync_streams import SyncResultStream, SyncStream
from modelport.protocol.types import Completion

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")


def _blocking(
    call: Callable[Concatenate[Client, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[SyncClient, P], T]:
    @wraps(call)
    def wait(self: SyncClient, *args: P.args, **kwargs: P.kwargs) -> T:
        background = self.background
        return background.wait(lambda: call(background.client, *args, **kwargs))

    return wait


def _iterating(
    call: Callable[Concatenate[Client, P], Operation[ResultStream[Item, Result], Result]],
) -> Callable[Concatenate[SyncClient, P], SyncResultStream[Item, Result]]:
    @wraps(call)
    def iterate(self: SyncClient, *args: P.args, **kwargs: P.kwargs) -> SyncResultStream[Item, Result]:
        background = self.background
        return SyncResultStream(background, lambda: call(background.client, *args, **kwargs))

    return iterate


def _streaming(
    call: Callable[Concatenate[Client, P], Operation[Stream, Completion]],
) -> Callable[Concatenate[SyncClient, P], SyncStream]:
    @wraps(call)
    def stream(self: SyncClient, *args: P.args, **kwargs: P.kwargs) -> SyncStream:
        background = self.background
        return SyncStream(background, lambda: call(background.client, *args, **kwargs))

    return stream


class SyncClient:
    """Modelport's engine in this process, for programs without an event loop.

    It has the calls of ``Client``, with the same parameters; those with partial results return an iterator. The engine
    runs on one thread of its own, any number of threads may call it, and ctrl-C cancels the call it interrupts.
    ``with SyncClient() as client`` closes it at the end; elsewhere call ``close``.
    """

    def __init__(self, *, name: str = "python", project: str | None = None) -> None:
        self.background = Background(Client(name=name, project=project))

    providers = _blocking(Client.providers)
    provider = _blocking(Client.provider)
    resolve = _blocking(Client.resolve)
    connect = _blocking(Client.connect)
    disconnect = _blocking(Client.disconnect)
    status = _blocking(Client.status)
    discover = _iterating(Client.discover)
    agents = _iterating(Client.agents)
    models = _blocking(Client.models)
    search_models = _blocking(Client.search_models)
    pull_model = _iterating(Client.pull_model)
    delete_model = _blocking(Client.delete_model)
    complete = _blocking(Client.complete)
    stream = _streaming(Client.stream)
    embed = _blocking(Client.embed)
    create_image = _blocking(Client.create_image)
    moderate = _blocking(Client.moderate)
    count_tokens = _blocking(Client.count_tokens)
    credits = _blocking(Client.credits)
    usage_snapshot = _blocking(Client.usage_snapshot)
    usage_delta = _blocking(Client.usage_delta)
    usage_summary = _blocking(Client.usage_summary)
    usage_history = _blocking(Client.usage_history)
    budgets = _blocking(Client.budgets)
    credentials = _blocking(Client.credentials)
    credential_stores = _blocking(Client.credential_stores)
    set_credential = _blocking(Client.set_credential)
    delete_credential = _blocking(Client.delete_credential)
    test_credentials = _blocking(Client.test_credentials)
    log_in = _blocking(Client.log_in)
    paste_log_in = _blocking(Client.paste_log_in)
    log_out = _blocking(Client.log_out)
    run_diagnostics = _blocking(Client.run_diagnostics)

    def close(self) -> None:
        """Cancels the calls under way and closes connections and files; a second time does nothing.

        Calls from then on raise ``RuntimeError``.
        """
        self.background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
