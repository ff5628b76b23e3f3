"""The models as an extension of another vendor gets them, through the editor's own interface."""

from __future__ import annotations

import json
from typing import Any

import pytest

from editors.workbench.driver import Window
from editors.workbench.study import WORDS, Study, probed
from editors.workbench.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(120, func_only=True)]


@pytest.fixture(scope="module")
def seen(workbench: Workbench, connected: Window, study: Study) -> dict[str, Any]:
    """The observations that the extension in ``probe/`` has written."""
    study.server.closed_by_client.clear()
    connected.command("Probe: Ask the Models")
    connected.until(workbench.probe_file.exists, "the other extension is done", timeout_s=60)
    seen = json.loads(workbench.probe_file.read_text())
    assert "failed" not in seen, seen["failed"]
    return seen


def text(answer: dict[str, Any]) -> str:
    assert "error" not in answer, answer
    return "".join(part.get("text", "") for part in answer["parts"])


def test_it_finds_the_models(seen: dict[str, Any]) -> None:
    (model,) = [one for one in seen["models"] if one["id"] == "study/study-1"]
    assert (model["vendor"], model["name"], model["family"]) == ("modelport", "study-1", "study-1")
    assert 100_000 < model["maxInputTokens"] <= 120_000
    assert seen["tokens"] > 0


def test_an_answer_comes_in_deltas(seen: dict[str, Any]) -> None:
    assert text(seen["text"]) == "".join(WORDS)
    assert text(seen["thought"]) == "So."


def test_an_image_and_options_reach_the_model(seen: dict[str, Any], study: Study) -> None:
    assert text(seen["image"])
    (body,) = probed(study, "look")
    (image,) = [part for part in body["messages"][-1]["content"] if part["type"] == "image_url"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert text(seen["options"])
    assert [body["temperature"] for body in probed(study, "warm")] == [0.3]


def test_a_tool_is_called(seen: dict[str, Any], study: Study) -> None:
    (call,) = [part for part in seen["tool"]["parts"] if "call" in part]
    assert (call["call"], call["input"]) == ("weather", {"city": "Turin"})
    (body,) = probed(study, "call")
    assert body["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in body["tools"]] == ["weather"]


def test_an_error_says_what_to_do(seen: dict[str, Any]) -> None:
    refused, filtered = seen["refused"]["error"], seen["filtered"]["error"]
    assert refused["known"]
    assert refused["code"] == "NoPermissions"
    assert "This key was revoked last week" in refused["message"]
    assert "Modelport: Connect Provider" in refused["message"]
    assert (filtered["known"], filtered["code"]) == (True, "Blocked")


def test_cancelling_closes_the_stream(seen: dict[str, Any], study: Study) -> None:
    assert [part["text"] for part in seen["cancelled"]["parts"]] == ["Let me "]
    assert study.server.closed_by_client.wait(10), "the model server goes on"


def test_no_consent_dialog_was_shown(connected: Window) -> None:
    assert connected.texts(".monaco-dialog-box") == []
    connected.shot("other-extension")
