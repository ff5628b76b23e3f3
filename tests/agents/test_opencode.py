"""The real opencode as a provider: started by a call, it answers from a provider that this test plays."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import installed
from agents.installed import CACHE
from support.builders import CANARY
from support.discovering import left_behind
from support.http_server import Answer, LocalServer, Received
from support.server_process import ServerProcess
from support.vendors import FORMATS, SAID, sse

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900, func_only=True)]
FIRST_S = 300.0
"""The first start in a home may load packages."""


def behave(request: Received) -> Answer:
    """The provider behind OpenCode, which answers by the model's name."""
    model = json.loads(request.body)["model"]
    headers = {"Content-Type": "text/event-stream"}
    if model == "refused":
        return Answer(status=401, chunks=[b'{"error": {"message": "Invalid API key"}}'])
    if model == "limited":
        return Answer(status=429, chunks=[b'{"error": {"message": "Rate limit reached"}}'])
    if model == "think":
        thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}}]}
        return Answer(headers=headers, chunks=[*sse(thought), *FORMATS["openai_chat"].answer])
    return Answer(headers=headers, chunks=FORMATS["openai_chat"].answer)


class OpenCode:
    """The real program behind a server of ours, and the provider behind the program."""

    def __init__(self, upstream: LocalServer, server: ServerProcess) -> None:
        self.upstream, self.server = upstream, server

    def reply(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        reply = self.server.reply(self.server.begin(method, params), FIRST_S)
        for update in ("status/changed", "usage/updated"):
            self.server.claim(update)
        return reply

    def ask(self, model: str, prompt: str = "Hi", **params: Any) -> dict[str, Any]:
        return self.reply("completion/create", {"model": f"opencode-local/{model}", "prompt": prompt, **params})


@pytest.fixture(scope="module")
def opencode() -> Iterator[OpenCode]:
    programs = installed.programs_folder(installed.by_id("opencode"))
    home = CACHE / "home-opencode-server"
    settings = home / ".config" / "opencode" / "opencode.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    upstream = LocalServer(behave)
    models = {"plain": {"cost": {"input": 1, "output": 2}}, "think": {"reasoning": True}, "refused": {}, "limited": {}}
    options = {"baseURL": f"{upstream.url}/v1", "apiKey": "of-opencode"}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "Fake", "options": options, "models": models}
    settings.write_text(json.dumps({"provider": {"fake": provider}}))
    environment = {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "OPENAI_API_KEY": CANARY,
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
    }
    with ServerProcess(env=environment, cwd=Path("/")) as server:
        server.initialize()
        yield OpenCode(upstream, server)
        assert server.close() == 0
        assert CANARY not in server.stderr
    upstream.close()
    assert left_behind(str(programs.parent)) == []


def test_it_answers(opencode: OpenCode) -> None:
    completion = opencode.ask("fake/plain", system="Be brief.")["result"]
    assert (completion["text"], completion["finishReason"]) == (SAID, "stop")
    usage = completion["usage"]
    assert (usage["inputTokens"], usage["outputTokens"], usage["usdMicros"]) == (7, 5, 17)
    sent = json.loads(opencode.upstream.requests[-1].body)
    assert "tools" not in sent
    assert sent["messages"][0]["content"].endswith("Be brief.")
    assert sent["messages"][1]["content"] == "Hi"
    assert opencode.upstream.requests[-1].headers["authorization"] == "Bearer of-opencode"


def test_it_thinks_with_the_effort_that_was_asked_for(opencode: OpenCode) -> None:
    completion = opencode.ask("fake/think", parameters={"reasoning_effort": "high"})["result"]
    assert (completion["reasoning"], completion["text"]) == ("Hm.", SAID)
    assert json.loads(opencode.upstream.requests[-1].body)["reasoning_effort"] == "high"


def test_a_conversation_is_one_message(opencode: OpenCode) -> None:
    messages = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": "Three"},
    ]
    reply = opencode.reply("completion/create", {"model": "opencode-local/fake/plain", "messages": messages})
    assert reply["result"]["text"] == SAID
    said = json.loads(opencode.upstream.requests[-1].body)["messages"][-1]
    assert said["role"] == "user"
    text = json.dumps(said["content"])
    assert text.index("One") < text.index("Two") < text.index("Three")


@pytest.mark.parametrize(
    ("model", "kind"),
    [("fake/refused", "auth_rejected"), ("fake/limited", "rate_limited"), ("fake/missing", "model_not_found")],
)
def test_failures(opencode: OpenCode, model: str, kind: str) -> None:
    asked = len(opencode.upstream.requests)
    assert opencode.ask(model)["error"]["data"]["kind"] == kind
    assert len(opencode.upstream.requests) <= asked + 1


def test_its_models(opencode: OpenCode) -> None:
    result = opencode.reply("model/list", {"provider": "opencode-local"})["result"]
    assert result["errors"] == []
    found = {model["id"]: model for model in result["models"]}
    assert found["fake/plain"]["price"]["outputUsdPerMtok"] == 2
    own = [model for name, model in found.items() if name.startswith("opencode/")]
    assert own
    assert all(model["price"]["inputUsdPerMtok"] == 0 for model in own)


def test_it_answers_in_place_of_a_key(opencode: OpenCode) -> None:
    """Without a network the free model cannot answer, but the error is that of the program."""
    reply = opencode.reply("completion/create", {"model": "opencode/big-pickle", "prompt": "Hi", "timeoutMs": 60000})
    answered = reply.get("result") or reply["error"]["data"]
    assert answered["provider"] == "opencode-local"
