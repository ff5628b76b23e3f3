"""The time limit of a request, from its arrival."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.engine.time_limit import TimeLimit
from support.builders import VirtualTime


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTime}


async def takes(seconds: float) -> str:
    await anyio.sleep(seconds)
    return "done"


@pytest.mark.parametrize("timeout_ms", [0, -1])
async def test_a_limit_is_more_than_nothing(timeout_ms: int) -> None:
    with pytest.raises(InvalidParams) as refused:
        TimeLimit(timeout_ms)
    assert refused.value.field == "timeoutMs"


async def test_without_a_limit_everything_may_take_its_time() -> None:
    limit = TimeLimit(None)
    assert await limit.within(lambda: takes(1e6)) == "done"
    assert (limit.is_over, limit.ends_by_default(1500)) == (False, 1.5)


async def test_all_steps_share_the_time() -> None:
    limit = TimeLimit(1000)
    assert await limit.within(lambda: takes(0.75)) == "done"
    with pytest.raises(RequestFailed, match="1000 ms") as failed:
        await limit.within(lambda: takes(0.75))
    assert (failed.value.kind, anyio.current_time(), limit.is_over) == ("timeout", 1.0, True)
    with pytest.raises(RequestFailed, match="Too late"):
        await limit.within(lambda: takes(0), lambda: RequestFailed("timeout", "Too late."))


async def test_a_request_that_is_cancelled_is_not_late() -> None:
    with anyio.move_on_after(0.5) as scope:
        await TimeLimit(1000).within(lambda: takes(5))
    assert scope.cancelled_caught
