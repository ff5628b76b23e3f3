"""The table of wire formats."""

from __future__ import annotations

import threading
from typing import get_args

import pytest

from modelport.adapters.dialects.table import MODULES, DialectTable
from modelport.adapters.http.exchange import Exchange
from modelport.adapters.http.pool import HttpPool
from modelport.protocol.types import Dialect


@pytest.mark.parametrize("dialect", get_args(Dialect))
async def test_every_dialect_it_speaks_can_be_loaded(dialect: Dialect) -> None:
    table = DialectTable(Exchange(HttpPool()))
    assert table.speaks(dialect) is (dialect in MODULES)
    if table.speaks(dialect):
        completer = await table.get(dialect)
        assert callable(completer.complete)
        assert callable(completer.verify)
        assert await table.get(dialect) is completer


async def test_a_dialect_is_loaded_in_a_worker_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    table = DialectTable(Exchange(HttpPool()))
    threads: list[int] = []
    load = table._load
    monkeypatch.setattr(table, "_load", lambda dialect: (threads.append(threading.get_ident()), load(dialect))[1])
    await table.get("ollama")
    assert threads
    assert threads[0] != threading.get_ident()
