"""What a request costs besides its deltas, in calls of Python functions: the same on any machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import anyio.to_thread
import pytest

from modelport.app.core import Core
from modelport.app.session import App
from modelport.engine.calls.recorder import Origin
from modelport.protocol.types import CreateCompletionParams
from support.builders import RecordingListener
from support.http_server import LocalServer
from support.sse import streamed

WARM = 3
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}}


async def test_a_warm_request_is_cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-acme")
    (tmp_path / "config").mkdir(exist_ok=True)
    monkeypatch.setenv("MODELPORT_CONFIG_DIR", str(tmp_path / "config"))
    calls: list[int] = []

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        calls[-1] += event == "call"

    with LocalServer(lambda _: streamed(*"abcde", usage=USAGE)) as server:
        text = f'[providers.acme]\nbase_url = "{server.url}/v1"\napi_key_env = "ACME_KEY"\n'
        (tmp_path / "config" / "config.toml").write_text(text, encoding="utf-8")
        app = App(await anyio.to_thread.run_sync(Core))
        completions = await app.completions.get()
        params = CreateCompletionParams(model="acme/gpt-5", prompt="hi")
        before = sys.getprofile()
        for number in range(2 * WARM):
            calls.append(0)
            sys.setprofile(profile if number >= WARM else before)
            try:
                completion = await completions.create(params, RecordingListener(), Origin("vim"))
            finally:
                sys.setprofile(before)
            assert completion.text == "abcde"
        await app.core.aclose()
    assert min(calls[WARM:]) < 1_750
