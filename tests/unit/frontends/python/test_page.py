"""The examples of docs/python.md do what the page says, and the calls it names are there."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modelport
from support.http_server import Answer, LocalServer, Received
from support.local_answers import SERVERS
from support.page_examples import expected_output, words
from support.sse import streamed

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
FROM = "".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "from").glob("*.md")))
NAMES = re.compile(r'(?<!["\w])(client|modelport)\.([A-Za-z]\w*)')
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def examples(text: str, name: str) -> list[tuple[str, int, str]]:
    """The page, the line before and the code of each example."""
    return [(name, text[: found.start()].count("\n") + 1, found[1]) for found in BLOCK.finditer(text)]


README = examples((ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
EXAMPLES = examples(PAGE, "docs/python.md")
OURS = sorted({(found[1], found[2]) for found in NAMES.finditer(PAGE + FROM)})
VLLM = next(sample for sample in SERVERS if sample.provider == "vllm")


def behave(request: Received) -> Answer:
    """A vLLM with one model, and beside it what Ollama answers to a download, and a log-in that is allowed at once."""
    if request.path in ("/device", "/token"):
        return logged_in(request)
    if request.path == "/api/pull":
        half = b'{"status":"pulling aa","digest":"aa","total":4000,"completed":%d}\n'
        return Answer(chunks=[half % 2000, half % 4000, b'{"status":"success"}\n'])
    return streamed("Hello.") if request.method == "POST" else VLLM.behave(request)


def logged_in(request: Received) -> Answer:
    url = f"http://{request.headers['host']}"
    device = {"device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": f"{url}/activate", "interval": 1}
    token = {"access_token": "token-0123456789", "token_type": "bearer"}
    fields = device if request.path == "/device" else token
    return Answer(200, {"Content-Type": "application/json"}, [json.dumps(fields).encode()])


def configuration(url: str) -> str:
    """A provider of the user's own, with a log-in."""
    addresses = f'device_url = "{url}/device"\ntoken_url = "{url}/token"\n'
    return f'[providers.acme]\nbase_url = "{url}/v1"\n[providers.acme.login]\nclient_id = "mine"\n{addresses}'


@pytest.fixture
def server(entries: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with LocalServer(behave) as running:
        monkeypatch.setenv("VLLM_BASE_URL", f"{running.url}/v1")
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        (Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml").write_text(configuration(running.url))
        yield running


async def run_inside_a_client(code: Any) -> None:
    async with modelport.Client() as client:
        await eval(code, {"modelport": modelport, "client": client})


@pytest.mark.parametrize(
    ("page", "line", "example"), [*README, *EXAMPLES], ids=[f"{page}:{line}" for page, line, _ in [*README, *EXAMPLES]]
)
def test_an_example(
    page: str, line: int, example: str, server: LocalServer, agent: None, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n" * line + example.replace("8000", str(server.port))
    code = compile(text, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(run_inside_a_client(code))
    else:
        exec(code, {"__name__": "__main__"})
    assert words(capsys.readouterr().out) == words(expected_output(example)).replace("8000", str(server.port))


def test_the_page_has_examples_of_both_clients_and_they_say_what_comes_out() -> None:
    assert len(EXAMPLES) >= 15
    assert README
    assert {"modelport.Client()", "modelport.SyncClient()"} <= set(re.findall(r"modelport\.\w+\(\)", PAGE))
    assert [line for _, line, example in [*README, *EXAMPLES] if "print(" in example and ")  # " not in example] == []


@pytest.mark.parametrize(("owner", "name"), OURS)
def test_what_the_page_names_is_there(owner: str, name: str) -> None:
    if owner == "modelport":
        assert name in modelport.__all__ or name == "protocol"
    else:
        assert hasattr(modelport.Client, name)
        assert hasattr(modelport.SyncClient, name)


def test_the_page_names_every_call() -> None:
    calls = {name for name, _ in inspect.getmembers(modelport.Client, inspect.isfunction) if not name.startswith("_")}
    named = {name for owner, name in OURS if owner == "client"}
    assert calls - named - {"aclose", "credentials", "run_diagnostics"} == set()
