"""The table of wire formats."""

from __future__ import annotations

import threading
from typing import get_args

import pytest

from modelport.adapters.dialects import table
from modelport.adapters.dialects.table import MODULES, OWN_COMPLETERS, DialectTable, load_wire_format
from modelport.adapters.dialects.wire_format import WireFormat
from modelport.adapters.http.pool import HttpPool
from modelport.adapters.provider_client.client import ProviderClient
from modelport.domain.providers.base_urls import CHAT_PATHS
from modelport.protocol.types import Dialect
from support.builders import call, endpoint, row


@pytest.mark.parametrize("dialect", get_args(Dialect))
async def test_every_dialect_it_speaks_can_be_loaded(dialect: Dialect) -> None:
    dialects = DialectTable(lambda: ProviderClient(HttpPool()))
    assert dialects.speaks(dialect) is (dialect in MODULES)
    if dialects.speaks(dialect):
        completer = await dialects.get(endpoint(dialect=dialect))
        assert callable(completer.complete)
        assert callable(completer.verify)
        assert await dialects.get(endpoint(dialect=dialect)) is completer


async def test_a_dialect_is_loaded_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def load(dialect: Dialect) -> WireFormat:
        threads.append(threading.get_ident())
        return load_wire_format(dialect)

    monkeypatch.setattr(table, "load_wire_format", load)
    await DialectTable(lambda: ProviderClient(HttpPool())).get(endpoint(dialect="ollama"))
    assert threads
    assert threads[0] != threading.get_ident()


@pytest.mark.parametrize("dialect", [dialect for dialect in MODULES if dialect not in OWN_COMPLETERS])
def test_the_path_that_is_taken_off_an_address_is_the_one_that_is_appended(dialect: Dialect) -> None:
    plain = row("acme", dialect=dialect, wire={"default_max_tokens": 10})
    request = load_wire_format(dialect).request(call(endpoint=endpoint(plain), model="m"))
    assert request.path == CHAT_PATHS[dialect].replace("{model}", "m")
