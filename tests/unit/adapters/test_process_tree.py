"""One process and its descendants, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pytest

from modelport.adapters.data.agent_servers import load_agent_servers
from modelport.adapters.data.fingerprints import load_fingerprints
from modelport.adapters.process_tree import ProcessTree, process_tree
from modelport.domain.agents.observations import Running

ROOT = 100
OUTSIDE = 7


class System:
    """``Processes`` and ``ListeningPorts`` that are given: processes with their parents, ports with their processes."""

    def __init__(self, parents: Mapping[int, int | None], ports: Mapping[int, int | None]) -> None:
        self._parents = parents
        self._ports = ports

    async def running(self) -> Sequence[Running]:
        return [Running(pid=pid, argv=("x",), parent_pid=parent) for pid, parent in self._parents.items()]

    async def ports(self) -> frozenset[int]:
        return frozenset(self._ports)

    async def listeners(self) -> Mapping[int, int | None]:
        return self._ports


async def seen(parents: Mapping[int, int | None], root: int = ROOT) -> set[int]:
    system = System(parents, {})
    return {one.pid for one in await ProcessTree(root, system, system).running()}


async def test_the_root_and_its_descendants_are_seen_whatever_their_order() -> None:
    assert await seen({103: 102, ROOT: 1, 101: ROOT, 102: 101, OUTSIDE: 1, 8: OUTSIDE}) == {ROOT, 101, 102, 103}


async def test_what_this_process_has_started_is_seen_though_it_is_not_in_the_list_itself() -> None:
    parents = {101: os.getpid(), OUTSIDE: 1}
    assert await seen(parents, os.getppid()) == {101}
    assert await seen(parents, os.getpid()) == {101}


async def test_an_orphan_belongs_to_no_tree_and_a_circle_ends() -> None:
    assert await seen({101: None, 102: 99, 103: 104, 104: 103, 105: 105}) == set()


async def test_a_port_counts_where_its_process_does() -> None:
    system = System({ROOT: 1, 101: ROOT, OUTSIDE: 1}, {8000: ROOT, 8001: 101, 11434: OUTSIDE, 9999: None})
    tree = ProcessTree(ROOT, system, system)
    assert await tree.listeners() == {8000: ROOT, 8001: 101}
    assert await tree.ports() == {8000, 8001}


@pytest.mark.parametrize("value", ["", " "])
def test_without_the_variable_there_is_no_tree(value: str) -> None:
    assert process_tree({}) is None
    assert process_tree({"MODELPORT_PROCESS_TREE": value}) is None


@pytest.mark.parametrize(("value", "root"), [("42", 42), (" 42 ", 42), ("none", 0), ("-1", 0), ("1.5", 0)])
def test_a_name_that_is_no_process_confines_it_to_nothing(value: str, root: int) -> None:
    tree = process_tree({"MODELPORT_PROCESS_TREE": value})
    assert tree is not None
    assert tree._root == root


def test_no_usual_port_is_left_in_the_books() -> None:
    for book in (load_fingerprints(), load_agent_servers()):
        assert any(row.ports for row in book.server)
        unusual = book.without_ports()
        assert [row.ways for row in unusual.server] == [row.ways for row in book.server]
        assert not any(row.ports for row in unusual.server)
