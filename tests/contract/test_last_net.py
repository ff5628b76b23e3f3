"""An error from any port, of any kind, is one reply: the server lives, and the next request is answered."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import anyio
import pytest
from anyio.lowlevel import checkpoint

from modelport.adapters.configuration.commands import LocalCommands
from modelport.adapters.credential_stores.stores import CredentialStores
from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles
from modelport.adapters.dialects.mock.completer import Mock
from modelport.adapters.local_servers.prober import SocketProber
from modelport.adapters.price_lists.kept import KeptPrices
from modelport.adapters.process_tree import ProcessTree
from modelport.adapters.system.clock import SystemClock
from modelport.adapters.system.data_folder import LocalFolder
from modelport.adapters.system.environment import ProcessEnvironment
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain import ports
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.spending.pricing import PriceListStore, PriceStore
from modelport.engine.local.completions import LocalDialects
from modelport.engine.local.model_files import LocalModels
from modelport.frontends.lsp.boundary import Boundary
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc.tasks import contain_exits

CONFIGURATION = """
[providers.groq]
base_url = "http://127.0.0.1:9/v1"
api_key_command = ["echo", "gsk_x0123456789"]
[local_models]
folder = "models"
"""


def chat(model: str) -> tuple[str, dict[str, Any]]:
    return "completion/create", {"model": model, "prompt": "hi", "streamId": "s"}


CONNECT = ("provider/connect", {"provider": "mock"})
DIAGNOSTICS = ("diagnostics/run", {})
# Ample: the first search also loads what searches.
DISCOVER = ("provider/discover", {"timeoutMs": 5000})
SUMMARY = ("usage/summary", {"groupBy": "model"})
NO_REQUEST = ("provider/status", {})
PORTS: dict[str, tuple[type, dict[str, tuple[str, dict[str, Any]]]]] = {
    "Completer": (Mock, {"complete": chat("mock/mock"), "prepare": CONNECT, "verify": CONNECT}),
    "Dialects": (LocalDialects, {"speaks": chat("mock/mock"), "get": chat("mock/mock")}),
    "Environment": (ProcessEnvironment, {"variables": chat("mock/mock")}),
    "Commands": (LocalCommands, {"output": chat("groq/x")}),
    "CredentialStore": (
        CredentialStores,
        {
            "get": chat("mistral/x"),
            "set": ("credential/set", {"provider": "groq", "secret": "gsk_0123456789abcdef"}),
            "delete": ("credential/delete", {"provider": "groq"}),
            "providers": chat("mock/mock"),
            "location": ("credential/list", {}),
            "check": ("credential/login", {"provider": "openrouter"}),
            "source": ("credential/list", {}),
            "invalidate": NO_REQUEST,
            "statuses": DIAGNOSTICS,
        },
    ),
    "VendorFiles": (LocalVendorFiles, {"credential": ("credential/list", {}), "settings": chat("bedrock/x")}),
    "UsageLedger": (
        SqliteLedger,
        {
            "record": chat("mock/mock"),
            "problem": DIAGNOSTICS,
            "totals": ("usage/snapshot", {}),
            "groups": SUMMARY,
            "nested_groups": SUMMARY,
            "history": ("usage/history", {}),
        },
    ),
    "KeyUses": (SqliteLedger, {"last_used_ms": ("credential/list", {})}),
    "PriceStore": (KeptPrices, {"book": chat("mock/mock")}),
    "PriceListStore": (KeptPrices, {"state": DIAGNOSTICS, "update": NO_REQUEST, "reset": NO_REQUEST}),
    "Clock": (SystemClock, {"now_ms": chat("mock/mock")}),
    "DataFolder": (LocalFolder, {"path": DIAGNOSTICS, "problem": DIAGNOSTICS, "openness": DIAGNOSTICS}),
    "FolderModels": (LocalModels, {"serves": chat("mock/mock"), "chosen": chat("llamacpp/x")}),
    "LocalProber": (SocketProber, {"get": DISCOVER}),
    "ListeningPorts": (ProcessTree, {"ports": NO_REQUEST, "listeners": DISCOVER}),
    "Log": (Session, {"warning": NO_REQUEST, "info": NO_REQUEST}),
}
NOT_REACHED = {
    ("Log", "warning"),
    ("Log", "info"),
    ("ListeningPorts", "ports"),
    ("CredentialStore", "location"),
    ("CredentialStore", "source"),
    ("CredentialStore", "invalidate"),
    ("PriceListStore", "update"),
    ("PriceListStore", "reset"),
}
"""Methods that these requests do not reach: one needs a keyring with a key, and price lists are fetched by a command."""
BOOKKEEPING = {("UsageLedger", "record"), ("PriceStore", "book")}
"""No error of theirs is one of the answer."""
CASES = [(port, name) for port, (_, methods) in PORTS.items() for name in methods if (port, name) not in NOT_REACHED]


class UnwritableError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Uncounted(BaseException):
    """An error that is no Exception."""


class Dataless(RequestFailed):
    """An error of the contract that cannot be written."""

    def data(self) -> NoReturn:
        raise UnwritableError


def _group() -> BaseException:
    return BaseExceptionGroup("two", [ValueError("one"), Uncounted("two")])


ERRORS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("x"),
    "KeyError": lambda: KeyError("\ud83d"),
    "OSError": lambda: OSError(5, "no \ud83d"),
    "TimeoutError": TimeoutError,
    "RecursionError": RecursionError,
    "MemoryError": MemoryError,
    "UnicodeEncodeError": lambda: UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "half"),
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "GeneratorExit": GeneratorExit,
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "CancelledError": asyncio.CancelledError,
    "Uncounted": Uncounted,
    "a group": lambda: ExceptionGroup("g", [ValueError("x"), OSError(5, "y")]),
    "a group of both kinds": _group,
    "a text that fails": UnwritableError,
    "half a character": lambda: RequestFailed("network", "a\ud83d", provider="caf\udce9"),
    "data that fail": lambda: Dataless("network", "x"),
    "data that are none": lambda: InvalidParams("x", field=object()),  # type: ignore[arg-type]
}


class Box:
    """An outbox that keeps the replies."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []
        self._arrived = anyio.Event()

    def send(self, body: bytes) -> None:
        message = json.loads(body.decode())
        if "method" not in message:
            self.replies.append(message)
            self._arrived.set()

    def ready(self, _source: Any) -> None: ...

    def collect(self, source: Any) -> None:
        source.frames()

    async def until(self, count: int) -> list[dict[str, Any]]:
        """The replies once there are so many, and no more follow."""
        with anyio.fail_after(30):
            while len(self.replies) < count:
                self._arrived = anyio.Event()
                await self._arrived.wait()
        await checkpoint()
        return self.replies


@asynccontextmanager
async def client() -> AsyncIterator[tuple[Boundary, Box]]:
    box = Box()
    contain_exits(asyncio.get_running_loop())
    async with anyio.create_task_group() as tasks:
        session = Session(box)  # type: ignore[arg-type]
        boundary = Boundary(tasks, box, session, on_exit=lambda _: None, on_initialize=lambda _: None)  # type: ignore[arg-type]
        boundary.initialized_with({})
        yield boundary, box
        with anyio.move_on_after(5):
            await session.aclose()
        tasks.cancel_scope.cancel()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "config.toml").write_text(CONFIGURATION)
    (tmp_path / "keyring-providers.json").write_text('["mistral"]')
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path))


@pytest.fixture(autouse=True)
def no_captured_lines() -> Iterator[None]:
    """What pytest captures of a log goes from its workers to its report as UTF-8, which half a character is not."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def replaced(kind: type, name: str, error: BaseException, reached: list[str]) -> Any:
    """The member of the class that raises instead."""
    original = inspect.getattr_static(kind, name)

    def fail(*_: Any, **__: Any) -> Any:
        reached.append(name)
        raise error

    async def fail_later(*_: Any, **__: Any) -> Any:
        fail()

    if isinstance(original, property):
        return property(fail)
    return fail_later if inspect.iscoroutinefunction(original) else fail


def test_the_table_has_every_method_of_every_port() -> None:
    protocols = {name: kind for name, kind in vars(ports).items() if getattr(kind, "_is_protocol", False)}
    own = {name: kind for name, kind in protocols.items() if kind.__module__ == ports.__name__}
    own |= {"PriceStore": PriceStore, "PriceListStore": PriceListStore}
    methods = {(port, name) for port, kind in own.items() for name in vars(kind) if not name.startswith("_")}
    assert {(port, name) for port, (_, names) in PORTS.items() for name in names} == methods


@pytest.mark.parametrize(("port", "name"), CASES, ids=[".".join(case) for case in CASES])
@pytest.mark.usefixtures("folders")
async def test_whatever_a_port_raises_is_one_reply(port: str, name: str) -> None:
    kind, methods = PORTS[port]
    method, params = methods[name]
    async with client() as (boundary, box):
        for number, (label, make) in enumerate(ERRORS.items()):
            reached: list[str] = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(kind, name, replaced(kind, name, make(), reached))
                boundary.receive(request(f"odd {number}", method, params))
                replies = await box.until(1)
            assert reached, f"{label}: {method} does not reach {port}.{name}"
            assert [reply["id"] for reply in replies] == [f"odd {number}"], label
            assert "result" in replies[0] or (port, name) not in BOOKKEEPING or not isinstance(make(), Exception), label
            if "error" in replies[0]:
                assert "\n" not in replies[0]["error"]["message"]
            boundary.receive(request(f"next {number}", "provider/status", {}))
            replies = await box.until(2)
            assert [reply["id"] for reply in replies][1:] == [f"next {number}"], label
            assert "result" in replies[1], label
            box.replies.clear()
        await boundary.idle()


def request(message_id: str, method: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params}).encode()
