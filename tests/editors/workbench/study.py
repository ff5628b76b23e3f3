"""A model server on this machine that plays what a test needs: it answers, calls tools, delays, and refuses."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from support.http_server import Answer, LocalServer, Received
from support.sse import JSON, SSE, delta, end, event, held, refused, streamed

WORDS = ("Teal ", "is a ", "fine ", "colour.")
COUNTS = {"prompt_tokens": 30_000, "completion_tokens": 9, "total_tokens": 30_009}
KEY = "sk-study-0123456789abcdefghij"
"""The only key that ``/vault`` takes."""
REFUSAL = {
    "error": {"message": "This key was revoked last week.", "type": "invalid_request_error", "code": "invalid_api_key"}
}
LISTED = {
    "object": "model",
    "supported_parameters": ["tools", "tool_choice"],
    "owned_by": "study",
    "context_length": 120_000,
    "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
}
MODELS = ("study-1", "study-2")
PROBE = "probe: "


class Study:
    """Answers the last message of the user:

    ``tell me``: a sentence. ``think``: the same, with a thought before it. ``read the notes``: calls the tool that reads files, and repeats what it got.
    ``take your time``: begins, and goes on once ``released``. ``quietly``: the same, but never begins.
    Anything else, and what comes without tools, such as the editor's requests for a title: one word.
    What begins with ``probe:`` comes from the extension in ``probe/``, and has answers of its own.
    """

    def __init__(self) -> None:
        self.released = threading.Event()
        self.notes = Path()
        """The file that the tool is to read."""
        self.server = LocalServer(self._behave)

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    def rows(self) -> str:
        """The rows of a configuration file that name this server: without a key, and with one."""
        plain = f'[providers.study]\ndisplay_name = "Study"\nbase_url = "{self.url}"\nconnection_type = "local"\n'
        vault = f'[providers.vault]\ndisplay_name = "Vault"\nbase_url = "{self.server.url}/vault/v1"\n'
        return f"{plain}requires_api_key = false\n\n{vault}requires_api_key = true\n"

    def asked(self, text: str) -> list[dict[str, Any]]:
        """The agent's calls, as bodies, whose last user message is this; oldest first."""
        calls = [r for r in self.server.requests if r.path.endswith("/chat/completions")]
        return [body for r in calls if text in spoken(body := json.loads(r.body)) and body.get("tools")]

    def close(self) -> None:
        self.released.set()
        self.server.close()

    def _behave(self, request: Received) -> Answer:
        if request.path.startswith("/vault") and request.headers.get("authorization") != f"Bearer {KEY}":
            return refused(401, REFUSAL)
        if request.path.endswith("/models"):
            models = [{"id": name, **LISTED} for name in MODELS]
            return Answer(headers=JSON, chunks=[json.dumps({"object": "list", "data": models}).encode()])
        if not request.path.endswith("/chat/completions"):
            return refused(404, {"error": {"message": "Not here"}})
        return self._answer(json.loads(request.body))

    def _answer(self, body: dict[str, Any]) -> Answer:
        said = spoken(body)
        if said.startswith(PROBE):
            return self._probed(said.removeprefix(PROBE).strip())
        text = said if body.get("tools") else ""
        if "read the notes" in text:
            return self._read(body)
        if "take your time" in text:
            return held([delta("Let me ")], self.released, [delta("think."), end(usage=COUNTS)])
        if "quietly" in text:
            return held([], self.released, [delta("Here."), end(usage=COUNTS)])
        if "think" in text:
            return Answer(headers=SSE, chunks=[thought("I weigh the colours."), *map(delta, WORDS), end(usage=COUNTS)])
        if "tell me" in text:
            return streamed(*WORDS, usage=COUNTS)
        return streamed("Colours", usage=COUNTS)

    def _probed(self, what: str) -> Answer:
        match what:
            case "call":
                return called("weather", {"city": "Turin"})
            case "think":
                return Answer(headers=SSE, chunks=[thought("Hm. "), delta("So."), end(usage=COUNTS)])
            case "refuse":
                return refused(401, REFUSAL)
            case "filter":
                return Answer(headers=SSE, chunks=[end("content_filter", COUNTS)])
            case "wait":
                return held([delta("Let me ")], self.released)
            case _:
                return streamed(*WORDS, usage=COUNTS)

    def _read(self, body: dict[str, Any]) -> Answer:
        results = [message for message in body["messages"] if message["role"] == "tool"]
        if results:
            found = next(line for line in plain(results[-1]["content"]).splitlines() if "colour" in line)
            return streamed(f"The notes say: {found}", usage=COUNTS)
        (tool,) = (one["function"]["name"] for one in body["tools"] if one["function"]["name"] == "read_file")
        return called(tool, {"filePath": str(self.notes), "startLine": 1, "endLine": 5})


def called(tool: str, arguments: dict[str, Any]) -> Answer:
    """An answer that calls a tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": f"call_{tool}", "type": "function", "function": function}
    chunks = [event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}), end("tool_calls", COUNTS)]
    return Answer(headers=SSE, chunks=chunks)


def thought(text: str) -> bytes:
    """A chunk that carries reasoning."""
    return event({"choices": [{"index": 0, "delta": {"reasoning_content": text}}]})


def probed(study: Study, what: str) -> list[dict[str, Any]]:
    """The bodies of the other extension's requests for this."""
    calls = [json.loads(r.body) for r in study.server.requests if r.path.endswith("/chat/completions")]
    return [body for body in calls if spoken(body).strip() == f"{PROBE}{what}"]


def spoken(body: dict[str, Any]) -> str:
    """The last message of the user."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    return plain(said[-1]) if said else ""


def plain(content: Any) -> str:
    """A message's text, however it is written."""
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""
