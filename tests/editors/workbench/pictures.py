"""Retakes the pictures of the extension's page, in a real workbench: ``make pictures``."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from editors.workbench.chat import MODELS, Chat
from editors.workbench.driver import ROWS, STATUS, TOAST, Window
from editors.workbench.workbench import QUIET, Workbench, package
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from modelport.domain.spending.usage import CallRecord
from modelport.protocol.types import Usage
from support import programs
from support.http_server import Answer, LocalServer, Received
from support.sse import JSON, streamed

MEDIA = programs.ROOT / "client-vscode" / "media"
SIZE = {"width": 1280, "height": 760}
DAY_MS = 86_400_000
DAYS = 30
LOCAL = ("qwen3-coder-30b", "gemma-3-12b", "gpt-oss-20b")
USED = {
    ("lmstudio", "qwen3-coder-30b"): (0, 0),
    ("anthropic", "claude-sonnet-4-5"): (3, 15),
    ("openai", "gpt-5.5"): (1.25, 10),
    ("groq", "openai/gpt-oss-120b"): (0.15, 0.6),
}
"""Models with their prices for input and output, in dollars for a million tokens."""
BUDGETS = """
[budgets.everything]
period = "month"
usd = 25

[budgets.groq]
period = "day"
usd = 0.10
provider = "groq"
action = "warn"
"""
SOURCE = '''"""Reads measurements, one per line."""

from pathlib import Path


def readings(path: Path) -> list[float]:
    values = []
    for line in open(path):
        values.append(float(line))
    return values


def mean(values: list[float]) -> float:
    return sum(values) / len(values)
'''
ANSWER = """Two things can go wrong here:

1. `open` is never closed. Use a `with` block, or `path.read_text().splitlines()`.
2. `mean` divides by zero when there are no values: say what should happen then.

```python
def readings(path: Path) -> list[float]:
    return [float(line) for line in path.read_text().splitlines()]
```
"""


def behave(request: Received) -> Answer:
    """A server of LM Studio's kind, which reviews a file and finds a title for that."""
    if request.path.endswith("/models"):
        models = [{"id": name, "object": "model", "context_length": 131_072} for name in LOCAL]
        return Answer(headers=JSON, chunks=[json.dumps({"object": "list", "data": models}).encode()])
    body = json.loads(request.body)
    counts = {"prompt_tokens": 24_000, "completion_tokens": 180, "total_tokens": 24_180}
    words = ANSWER.splitlines(keepends=True) if body.get("tools") else ["Review of readings.py"]
    return streamed(*words, usage=counts)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary, LocalServer(behave) as lmstudio:
        folder = Path(temporary) / "one"
        utility = dict.fromkeys(("chat.utilityModel", "chat.utilitySmallModel"), "modelport/lmstudio/qwen3-coder-30b")
        settings = {**QUIET, **utility, "workbench.colorTheme": "Default Dark Modern"}
        env = {"GROQ_API_KEY": "gsk_for-a-picture-0123456789x7Qd"}
        with Workbench(folder, packages=[package()], settings=settings, env=env) as workbench:
            row = f'[providers.lmstudio]\nbase_url = "{lmstudio.url}/v1"\n'
            (workbench.configuration / "config.toml").write_text(row + BUDGETS)
            asyncio.run(use(workbench.ledger / "usage.sqlite3"))
            work = folder / "measure"
            work.mkdir()
            (work / "readings.py").write_text(SOURCE)
            take(workbench.window("picture", work, **SIZE))


def take(window: Window) -> None:
    """Plays the steps that the pictures show."""
    window.sees(STATUS, timeout_s=40)
    window.click(".explorer-folders-view .monaco-list-row", "readings.py")
    window.sees(".editor-instance .view-lines", "Reads")
    window.command("Modelport: Connect Provider")
    window.sees(ROWS, "Ollama")
    window.picture(MEDIA / "connect.png")
    window.pick("LM Studio")
    window.sees(TOAST, "LM Studio is connected")
    window.command("Notifications: Clear All Notifications")
    window.command("View: Toggle Primary Side Bar Visibility")
    chat = Chat(window)
    chat.wake("qwen3-coder-30b", "Two things")
    chat.clear()
    chat.ask("What can go wrong in readings.py?", "Two things")
    chat.offered("qwen/qwen3")
    window.fill(f"{MODELS} input", "")
    window.click(f"{MODELS} .monaco-list-row", "Other Models")
    window.hover(f"{MODELS} .monaco-list-row", "qwen/qwen3")
    window.sees(".chat-model-hover")
    window.picture(MEDIA / "chat.png")
    window.press("Escape", "Escape")
    window.command("View: Toggle Secondary Side Bar Visibility")
    window.command("Modelport: Show Usage")
    window.sees("body", "claude-sonnet-4-5", frame=True)
    window.picture(MEDIA / "usage.png")


async def use(path: Path) -> None:
    """Fills a ledger with thirty days of work; the same each time."""
    chance = random.Random(7)
    ledger = SqliteLedger(path)
    now_ms = int(time.time() * 1000)
    for day in range(DAYS):
        for (provider, model), (input_usd, output_usd) in USED.items():
            for _ in range(chance.choice((0, 2, 3, 4))):
                read, written = chance.randrange(8_000, 60_000), chance.randrange(300, 2_500)
                usage = Usage(
                    input_tokens=read,
                    output_tokens=written,
                    cache_read_tokens=read // 3,
                    latency_ms=2_000.0,
                    usd_micros=round(read * input_usd + written * output_usd),
                    estimated=False,
                    cost_source="list" if input_usd else None,
                )
                outcome = "failed" if chance.random() < 0.02 else "ok"
                await ledger.record(
                    CallRecord(
                        started_at_ms=now_ms - day * DAY_MS - 60_000,
                        provider=provider,
                        model=model,
                        client=chance.choice(("Visual Studio Code", "Neovim")),
                        project="measure",
                        outcome=outcome,
                        error_kind=None,
                        finish_reason="stop",
                        usage=usage,
                    )
                )
    await ledger.aclose()


if __name__ == "__main__":
    sys.exit(main())
