"""The download of a model as Ollama reports it, line by line."""

from __future__ import annotations

import json
import time

import anyio
import anyio.lowlevel

from modelport.adapters.models.ollama import LINES_AT_ONCE, OllamaModels
from modelport.domain.models.listing import PullProgress
from support.builders import endpoint, row, stub_exchange

SUCCESS = b'{"status":"success"}\n'
MAX_RATIO = 4.0


def layer(name: int | str, completed: int, total: int = 100) -> bytes:
    return json.dumps({"status": f"pulling {name}", "digest": str(name), "total": total, "completed": completed}).encode() + b"\n"  # fmt: skip


async def pull(*chunks: bytes) -> list[PullProgress]:
    found: list[PullProgress] = []
    await OllamaModels(stub_exchange(*chunks)).pull(endpoint(row(dialect="ollama")), "m", found.append)
    return found


async def test_the_layers_add_up_and_none_goes_back() -> None:
    lines = [layer("a", 10), layer("b", 50), layer("a", 5), layer("a", 200), layer("b", 60, 1000), layer("c", 0)]
    progress = await pull(*lines, SUCCESS)
    sizes = [(now.completed_bytes, now.total_bytes) for now in progress]
    assert sizes == [(10, 100), (60, 200), (60, 200), (150, 200), (160, 1100), (160, 1200), (160, 1200)]


async def line_s(count: int) -> float:
    chunk = b"".join(layer(number, 50) for number in range(count)) + SUCCESS
    taken: list[float] = []
    for _ in range(2):
        begun = time.thread_time()
        await pull(chunk)
        taken.append(time.thread_time() - begun)
    return min(taken) / count


async def test_a_line_costs_the_same_however_many_layers_there_are() -> None:
    assert await line_s(5000) / await line_s(250) < MAX_RATIO


async def test_other_tasks_have_their_turn_while_one_chunk_is_read() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await pull(layer("a", 1) * 5000 + SUCCESS)
        tasks.cancel_scope.cancel()
    assert turns >= 5000 // LINES_AT_ONCE - 2
