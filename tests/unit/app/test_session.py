"""The composition root: everything works together, and nothing heavy is touched before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from modelport.app.core import Core
from modelport.app.session import App
from modelport.engine.calls.recorder import Origin
from modelport.protocol.types import CreateCompletionParams, SummaryUsageParams
from support.builders import RecordingListener


async def test_a_completion_goes_through_and_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELPORT_DATA_DIR", str(tmp_path))
    app = App(Core())
    heard = RecordingListener()
    params = CreateCompletionParams(model="mock/mock", prompt="hi")
    with blockbuster_ctx("modelport"):
        completion = await (await app.completions.get()).create(params, heard, Origin("vim", "site"))
        summary = await app.core.usage.summary(SummaryUsageParams(group_by="client"))
    assert completion.text == heard.said("text") == "You said: hi"
    assert [(group.key, group.totals.total_calls) for group in summary.groups] == [("vim", 1)]
    assert (tmp_path / "usage.sqlite3").exists()
    await app.core.aclose()


async def test_closing_an_app_that_did_nothing_is_no_error() -> None:
    await App(Core()).core.aclose()


def test_making_one_loads_no_client_library_and_no_keyring() -> None:
    code = "import sys, json; from modelport.app.core import Core; from modelport.app.session import App; App(Core()); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"httpx2", "openai", "anthropic", "keyring", "pygls", "lsprotocol", "rich", "click"}


def test_a_call_without_telemetry_loads_nothing_of_it() -> None:
    code = """
import json, sys
import anyio
from modelport.app.core import Core
from modelport.app.session import App
from modelport.domain.completions.listener import NullListener
from modelport.engine.calls.recorder import Origin
from modelport.protocol.types import CreateCompletionParams


class Listener(NullListener):
    def recorded(self, call, budgets):
        pass


async def main():
    app = App(Core())
    await (await app.completions.get()).create(CreateCompletionParams(model="mock/mock", prompt="hi"), Listener(), Origin())
    await app.core.aclose()


anyio.run(main)
print(json.dumps([name for name in sys.modules if name.startswith("modelport.") and "telemetry" in name]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == []
