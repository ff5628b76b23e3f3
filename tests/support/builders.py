"""Values and stand-ins for tests of single modules: a row, a call, a listener that remembers, ports in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import httpx2
import msgspec

from modelport.adapters.price_lists.book import PriceBook
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.completions.call import Answer, AnswerFormat, ModelCall
from modelport.domain.completions.fitting.fit import fit
from modelport.domain.completions.listener import Listener, NullListener
from modelport.domain.errors import RequestFailed
from modelport.domain.local.listeners import Ends, ListeningProgram, PortListeners
from modelport.domain.providers import address
from modelport.domain.providers.connection import Endpoint, Verification, wire_format
from modelport.domain.providers.credential import Credential, StoredKey
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.rows import Provider, Wire
from modelport.domain.spending.usage import CallRecord
from modelport.engine.calls.pricing import CallPricing
from modelport.engine.providers.connections import Connections
from modelport.engine.providers.credentials import Credentials
from modelport.engine.providers.endpoints import Endpoints
from modelport.engine.providers.listener_guard import ListenerGuard
from modelport.engine.providers.secret_sources import SecretSources
from modelport.lazy import Lazy
from modelport.protocol import types
from modelport.protocol.secret import Secret

CANARY = "canary-0123456789abcdef"
"""A key that must not appear in any output."""


def row(id: str = "acme", /, **changes: Any) -> Provider:
    """A plain provider in the cloud that speaks Chat Completions; ``wire`` may be a dict of flags."""
    values: dict[str, Any] = {
        "display_name": id.title(),
        "adapter": "openai_compatible",
        "dialect": "openai_chat",
        "connection_type": "byok",
        "category": "Model Hosts",
        "auth": "bearer",
        "requires_api_key": True,
        "base_url": f"https://{id}.example/v1",
        "api_key_env_vars": (f"{id.upper()}_API_KEY",),
        "checked": "2026-11-20",
        "source": "made up",
    }
    values |= changes
    if isinstance(values.get("wire"), dict):
        values["wire"] = Wire(**values["wire"])
    return Provider(id=id, **values)


def credential(secret: str | None = CANARY, **changes: Any) -> Credential:
    """A credential from the environment, or none."""
    values: dict[str, Any] = {"provider": "acme", "source": "environment", "location": "ACME_API_KEY"}
    if secret is None:
        values = {"provider": "acme", "source": "none"}
    return Credential(secret=Secret(secret) if secret is not None else None, **(values | changes))


def endpoint(provider: Provider | None = None, **changes: Any) -> Endpoint:
    """An endpoint with a key; ``headers`` may be a dict of plain texts."""
    provider = provider or row()
    wire = wire_format(provider, None, changes.get("dialect"))
    values: dict[str, Any] = {
        "dialect": wire.dialect,
        "base_url": provider.base_url or "",
        "credential": credential(),
        "chat_path": wire.path,
        "key_header": wire.key_header,
        "bearer": wire.bearer,
        "row_headers": address.headers(provider, {}),
        "settings": address.settings(provider, {}),
    }
    values |= changes
    values["headers"] = {name: Secret(text) for name, text in values.get("headers", {}).items()}
    return Endpoint(provider=provider, **values)


def user(content: Any = "Hello") -> types.Message:
    """A message of the user; content may be a text or a list of parts."""
    return types.Message(role="user", content=content if isinstance(content, str) else tuple(content))


def tool(name: str = "get_weather", **properties: Any) -> types.Tool:
    """A tool that takes a city, or the properties given."""
    properties = properties or {"city": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.Tool(name=name, description=f"Does {name}.", parameters=schema)


def call(*messages: types.Message, provider: Provider | None = None, **changes: Any) -> ModelCall:
    """A call of ``some-model``."""
    values: dict[str, Any] = {"model": "some-model", "messages": messages or (user(),)}
    if "endpoint" not in changes:
        values["endpoint"] = endpoint(provider)
    return ModelCall(**(values | changes))


def fitted(call: ModelCall, dialect: types.Dialect) -> ModelCall:
    """The call as the writer of a dialect gets it."""
    return fit(msgspec.structs.replace(call, endpoint=msgspec.structs.replace(call.endpoint, dialect=dialect)))


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def json_form(**changes: Any) -> AnswerFormat:
    """An answer that fits a schema, or any JSON with ``schema=None``."""
    return AnswerFormat(**({"schema": SCHEMA, "name": "place"} | changes))


class RecordingListener(NullListener):
    """A listener that records its calls, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.calls: list[types.Call] = []
        self.warnings: list[str] = []

    def text(self, text: str) -> None:
        self.events.append(("text", text))

    def reasoning(self, text: str) -> None:
        self.events.append(("reasoning", text))

    def tool_call(self, index: int, call_id: str | None, name: str | None, arguments: str) -> None:
        self.events.append(("toolCall", index, call_id, name, arguments))

    def attempt(self, provider: str, model: str, reason: str) -> None:
        self.events.append(("attempt", provider, model, reason))

    def reset(self) -> None:
        self.events.append(("reset",))

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def recorded(self, call: types.Call, budgets: Sequence[types.BudgetStatus]) -> None:
        self.calls.append(call)

    def said(self, kind: str) -> str:
        """All deltas of a kind since the last reset, joined."""
        begun = max((n for n, event in enumerate(self.events) if event[0] == "reset"), default=-1) + 1
        return "".join(event[1] for event in self.events[begun:] if event[0] == kind)


def answer() -> Answer:
    """An answer behind which a ``RecordingListener`` listens; calls without an id are call_0, call_1 and so on."""
    return numbered_answer(RecordingListener())


def numbered_answer(listener: Listener) -> Answer:
    """An answer whose calls get ids in their order where they have none."""
    return Answer(listener, new_id="call_{}".format)


# Ports in memory.


class Variables:
    """An ``Environment`` of its own."""

    def __init__(self, **variables: str) -> None:
        self.values = variables

    def variables(self) -> Mapping[str, str]:
        return self.values


class TypedPassphrase:
    """A passphrase, or none; notes how it is asked for."""

    def __init__(self, text: str | None = None) -> None:
        self._text = text
        self.asked: list[bool] = []

    async def find(self, *, unlock: bool) -> Secret | None:
        self.asked.append(unlock)
        return Secret(self._text) if self._text else None

    def is_pending(self) -> bool:
        return False


class MemoryVault:
    """The vault of a client, in memory; ``trouble`` is raised by each request."""

    client = "Memory Editor"

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str | None], str] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.trouble: RequestFailed | None = None

    async def store(self, provider: str, name: str | None, text: Secret, timeout_s: float) -> None:
        self._ask("store", provider, name)
        self.texts[provider, name] = text.reveal()

    async def load(self, provider: str, name: str | None, timeout_s: float) -> Secret | None:
        self._ask("load", provider, name)
        text = self.texts.get((provider, name))
        return None if text is None else Secret(text)

    async def remove(self, provider: str, name: str | None, timeout_s: float) -> None:
        self._ask("remove", provider, name)
        self.texts.pop((provider, name), None)

    def _ask(self, verb: str, provider: str, name: str | None) -> None:
        self.requests.append((verb, provider, name))
        if self.trouble is not None:
            raise self.trouble


class MemoryStore:
    """A ``CredentialStore`` in memory; ``trouble`` is raised by each call that needs the keyring.

    While it is ``locked``, reading a key unlocks it, unless that is not wanted.
    """

    def __init__(self, **keys: str | StoredKey) -> None:
        self.keys = {name: StoredKey(Secret(key)) if isinstance(key, str) else key for name, key in keys.items()}
        self.trouble: RequestFailed | None = None
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.locked = False

    async def get(self, provider: str, *, unlock: bool = True, fresh: bool = False) -> StoredKey | None:
        self._ask(provider)
        if self.locked and not unlock:
            raise RequestFailed("auth_required", "The keyring is locked: unlock it.")
        self.locked = False
        return self.keys.get(provider)

    async def set(self, provider: str, key: StoredKey, store: types.CredentialStoreId | None = None) -> None:
        self._ask(provider)
        self.keys[provider] = key

    async def delete(self, provider: str) -> bool:
        self._ask(provider)
        return self.keys.pop(provider, None) is not None

    async def providers(self, *, quick: bool = False) -> Sequence[str]:
        return list(self.keys)

    def location(self, provider: str) -> str:
        return f"memory/{provider}"

    async def check(self, provider: str, store: types.CredentialStoreId | None = None) -> None:
        self._ask("")

    def source(self, provider: str) -> types.CredentialSource:
        return "keyring"

    def invalidate(self, provider: str) -> None:
        self.refused.append(provider)

    async def statuses(self, *, prompting: bool = False) -> Sequence[types.CredentialStoreStatus]:
        try:
            self._ask("")
        except RequestFailed as error:
            return [self._status("unavailable", error.message, error.action)]
        return [self._status("locked" if self.locked else "available", "It can be used.")]

    @staticmethod
    def _status(
        state: types.CredentialStoreState, detail: str, action: str | None = None
    ) -> types.CredentialStoreStatus:
        return types.CredentialStoreStatus(id="keyring", state=state, name="memory", detail=detail, action=action)

    def _ask(self, provider: str) -> None:
        self.asked.append(provider)
        if self.trouble is not None:
            raise self.trouble


class KeptByVendors:
    """The files of the vendors' tools, in memory; by default none."""

    def __init__(self, settings: dict[str, str] | None = None, **credentials: Credential) -> None:
        self.kept = credentials
        self.values = settings or {}

    async def credential(self, row: Provider, given: Mapping[str, str]) -> Credential | None:
        return self.kept.get(row.id)

    async def settings(self, row: Provider, given: Mapping[str, str]) -> dict[str, str]:
        return self.values


class Printing:
    """``Commands`` that print the given outputs; one without an output fails."""

    def __init__(self, **printed: str) -> None:
        self.printed = printed
        self.runs: list[tuple[str, ...]] = []
        self.secret_env_vars: frozenset[str] = frozenset()

    async def output(self, command: Sequence[str], secret_env_vars: Collection[str]) -> Secret:
        self.runs.append(tuple(command))
        self.secret_env_vars = frozenset(secret_env_vars)
        if command[0] not in self.printed:
            raise RequestFailed("auth_required", "is not there")
        return Secret(self.printed[command[0]])


def values(registry: Registry, environment: Variables, commands: Printing | None = None) -> SecretSources:
    """The lookup of values that the configuration keeps elsewhere."""
    return SecretSources(registry, environment, commands or Printing())


def connections(
    registry: Registry,
    environment: Variables,
    store: MemoryStore,
    dialects: Any,
    kept: KeptByVendors | None = None,
    commands: Printing | None = None,
    folder: Any = None,
    listeners: PortListeners | None = None,
) -> tuple[Credentials, Connections]:
    """The credentials and the connections of a session, over what is given."""
    kept = kept or KeptByVendors()
    looked_up = values(registry, environment, commands)
    found = Credentials(registry, environment, store, kept, looked_up)
    endpoints = Endpoints(environment, kept, found, dialects, looked_up, folder)
    guard = ListenerGuard(Lazy(lambda: listeners or Listeners(ListeningProgram("own"))))
    return found, Connections(registry, found, endpoints, dialects, guard)


class Listeners:
    """A ``PortListeners`` with the same listeners everywhere, and the addresses it was asked for."""

    def __init__(self, *found: ListeningProgram, sees_others: bool = True) -> None:
        self.found = found
        self.sees_others = sees_others
        self.asked: list[tuple[str, int]] = []
        self.at_other_end: Sequence[ListeningProgram] | None = None
        """Who holds the other end of connections; None: those that were found."""
        self.ends: list[Ends] = []

    async def of_connection(self, ends: Ends) -> Sequence[ListeningProgram]:
        self.ends.append(ends)
        return self.found if self.at_other_end is None else self.at_other_end

    async def at(self, host: str, port: int) -> Sequence[ListeningProgram]:
        self.asked.append((host, port))
        return self.found


class MemoryLedger:
    """A ``UsageLedger`` that can only record; ``trouble`` is raised instead."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.trouble: RequestFailed | None = None

    async def record(self, call: CallRecord) -> types.Call:
        if self.trouble is not None:
            raise self.trouble
        self.records.append(call)
        return types.Call(
            id=len(self.records),
            started_at="2026-11-20T00:00:00.000Z",
            provider=call.provider,
            model=call.model,
            outcome=call.outcome,
            usage=call.usage,
        )

    async def totals(self, since_ms: int | None = None, until_ms: int | None = None) -> types.UsageTotals:
        if self.trouble is not None:
            raise self.trouble
        return types.UsageTotals(total_calls=len(self.records))

    async def problem(self) -> str | None:
        return None


def no_prices() -> CallPricing:
    """Pricing by an empty book: only what is free has a price."""

    class Store:
        async def book(self) -> PriceBook:
            return PriceBook(b'{"source":"","checked":"2026-01-01","units":{},"lists":{},"catalog":{}}')

    return CallPricing(Store())


Play = Callable[[ModelCall, Answer], Awaitable[None]]


class Scripted:
    """``Dialects`` of one completer that acts as each provider should; ``served`` is what verify lists."""

    def __init__(self, **plays: Play) -> None:
        self.plays = plays
        self.calls: list[ModelCall] = []
        self.prepared: list[Endpoint] = []
        self.verified: list[Endpoint] = []
        self.served: tuple[str, ...] = ()
        self.trouble: RequestFailed | None = None
        self.spoken: tuple[str, ...] = ("openai_chat", "openai_responses", "anthropic_messages", "ollama", "mock")

    def speaks(self, dialect: str) -> bool:
        return dialect in self.spoken

    async def get(self, endpoint: Endpoint) -> Scripted:
        return self

    async def complete(self, call: ModelCall, answer: Answer) -> None:
        self.calls.append(call)
        await self.plays[call.endpoint.provider.id](call, answer)

    async def prepare(self, endpoint: Endpoint) -> None:
        self.prepared.append(endpoint)

    async def verify(self, endpoint: Endpoint) -> Verification:
        self.verified.append(endpoint)
        if self.trouble is not None:
            raise self.trouble
        return Verification(verified=True, models=self.served)


def writes(*texts: str, then: BaseException | None = None) -> Play:
    """A completer that sends some text and stops, or fails after it."""

    async def play(call: ModelCall, answer: Answer) -> None:
        for text in texts:
            answer.text(text)
        if then is not None:
            raise then
        answer.finish("stop")

    return play


class FixedClock:
    """A ``Clock`` that stands still."""

    def __init__(self, now_ms: int = 1_795_168_800_000) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        return self.now


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, msg: object, *args: object) -> None:
        self.warnings.append(str(msg) % args)


# HTTP without a network.


class StubPool:
    """An ``HttpPool`` whose client is answered by a function; the requests are kept."""

    def __init__(self, respond: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.requests: list[httpx2.Request] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            request.read()
            self.requests.append(request)
            return respond(request)

        self._client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle), timeout=None)

    def extensions(self, endpoint: Endpoint) -> dict[str, Any]:
        return {}

    async def client(self, *_: Any, **__: Any) -> httpx2.AsyncClient:
        return self._client

    async def aclose(self) -> None:
        await self._client.aclose()

    def sent(self) -> dict[str, Any]:
        """The JSON body of the last request."""
        return json.loads(self.requests[-1].content)


def stub_exchange(*pieces: bytes, status: int = 200, headers: dict[str, str] | None = None) -> ProviderClient:
    """An exchange that always gets this reply, in these pieces."""
    return ProviderClient(StubPool(lambda _: reply(*pieces, status=status, headers=headers)))  # type: ignore[arg-type]


def reply(*pieces: bytes, status: int = 200, headers: dict[str, str] | None = None) -> httpx2.Response:
    """A response whose body comes in these pieces."""
    return httpx2.Response(status, headers=headers or {}, content=_pieces(pieces))


async def _pieces(pieces: Iterable[bytes]) -> Any:
    for piece in pieces:
        yield piece


class VirtualTime(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nothing else is to be done.

    A test of time limits returns ``("asyncio", {"loop_factory": VirtualTime})`` from ``anyio_backend``
    and takes no time. Not for tests that wait for threads or sockets.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready and (due := [h.when() for h in self._scheduled if not h.cancelled()]):
            self._now = max(self._now, min(due))
        super()._run_once()
