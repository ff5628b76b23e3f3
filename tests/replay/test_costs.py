"""What each recorded exchange costs, exactly, in the reply, in the ledger and in the sums."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.errors import RequestFailed
from modelport.engine.calls.recorder import Origin
from modelport.protocol import types
from modelport.protocol.secret import Secret
from replay.test_recordings import CANARY, EXCEPTIONS, Listener
from support.http_server import Answer, LocalServer, Received
from support.recordings import DIALECTS, ROOT, Recording

FILE = ROOT.parent / "costs.json"
COSTS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
SOURCES = {
    "reported": {"reported"},
    "computed": {"list", "catalog"},
    "local": {None},
    "plan": {None},
    "unknown": {None},
}


def test_costs_are_there_in_ci() -> None:
    if not COSTS:
        message = f"no {FILE}: set MODELPORT_RECORDINGS"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert len(COSTS) >= 394
    assert {row["source"] for row in COSTS} == set(SOURCES)


@pytest.fixture(scope="module")
def server() -> Any:
    def replay(request: Received) -> Answer:
        recording = Recording(COSTS[int(request.path.split("/")[1])]["file"])
        return Answer(recording.status, recording.headers, recording.chunks())

    with LocalServer(replay) as running:
        yield running


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELPORT_DATA_DIR", str(tmp_path_factory.mktemp("costs")))
        patch.setenv("GOOGLE_CLOUD_PROJECT", "harbour")
        app = App(Core())
        yield app
        await app.core.aclose()


def expected_micros(row: dict[str, Any]) -> int | None:
    """The exact cost; at the hours at which DeepSeek charges more, that."""
    if "peakMicros" not in row:
        return row["usdMicros"]
    now = datetime.now(UTC)
    busy = 1 <= now.hour < 4 or 6 <= now.hour < 10
    if busy and (now + timedelta(hours=8)).weekday() < 5:
        return round(float(row["peakMicros"]))
    return row["usdMicros"]


@pytest.mark.parametrize(
    "index", range(len(COSTS)), ids=lambda index: f"{COSTS[index]['provider']}-{COSTS[index]['file']}"
)
async def test_cost(app: App, server: LocalServer, index: int) -> None:
    row = COSTS[index]
    if row["file"] in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[row["file"]])
    connect = types.ConnectProviderParams(
        provider=row["provider"],
        base_url=f"{server.url}/{index}",
        dialect=DIALECTS[row["kind"]],  # type: ignore[arg-type]
        api_key=None if row["source"] == "local" else Secret(CANARY),
        verify=False,
    )
    await app.connections.connect(connect)
    listener = Listener()
    model = row["model"] or row["answered"] or "some-model"
    params = types.CreateCompletionParams(provider=row["provider"], model=model, prompt="replayed")
    before = await app.core.ledger.totals()
    with anyio.fail_after(15):
        try:
            usage = (await (await app.completions.get()).create(params, listener, Origin())).usage
        except RequestFailed as failure:
            usage = failure.usage
    assert usage is not None
    assert usage.usd_micros == expected_micros(row), (row["answered"], row["tokens"], row.get("hard"))
    assert usage.cost_source in SOURCES[row["source"]]
    (recorded,) = await app.core.ledger.history(limit=1)
    assert recorded.usage == usage == listener.call.usage
    after = await app.core.ledger.totals()
    assert after.usd_micros - before.usd_micros == (usage.usd_micros or 0)
    assert after.unpriced_calls - before.unpriced_calls == (usage.usd_micros is None)
