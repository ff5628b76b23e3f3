"""A model server on this machine that plays what a test needs: it answers, calls tools, takes its time, and refuses."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from support.http_server import Answer, LocalServer, Received
from support.sse import JSON, delta, end, event, held, refused, streamed

WORDS = ("Teal ", "is a ", "fine ", "colour.")
COUNTS = {"prompt_tokens": 30_000, "completion_tokens": 9, "total_tokens": 30_009}
KEY = "sk-study-0123456789abcdefghij"
"""The only key that ``/vault`` takes."""
REFUSAL = {
    "error": {"message": "This key was revoked last week.", "type": "invalid_request_error", "code": "invalid_api_key"}
}
LISTED = {
    "id": "study-1",
    "object": "model",
    "owned_by": "study",
    "context_length": 120_000,
    "supported_parameters": ["tools", "tool_choice"],
}


class Study:
    """Says what fits the last thing that a person asked:

    ``tell me``: a sentence. ``read the notes``: calls the tool that reads files, and repeats what it got.
    ``take your time``: begins, and goes on once ``released``. ``quietly``: the same, but never begins.
    Anything else, and what comes without tools, such as the editor's requests for a title: one word.
    """

    def __init__(self) -> None:
        self.released = threading.Event()
        self.notes = Path()
        """The file that the tool is asked to read."""
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
        """The agent's calls, as bodies, in which a person said this last; oldest first."""
        calls = [r for r in self.server.requests if r.path.endswith("/chat/completions")]
        return [body for r in calls if text in spoken(body := json.loads(r.body)) and body.get("tools")]

    def close(self) -> None:
        self.released.set()
        self.server.close()

    def _behave(self, request: Received) -> Answer:
        if request.path.startswith("/vault") and request.headers.get("authorization") != f"Bearer {KEY}":
            return refused(401, REFUSAL)
        if request.path.endswith("/models"):
            return Answer(headers=JSON, pieces=[json.dumps({"object": "list", "data": [LISTED]}).encode()])
        if not request.path.endswith("/chat/completions"):
            return refused(404, {"error": {"message": "Not here"}})
        return self._answer(json.loads(request.body))

    def _answer(self, body: dict[str, Any]) -> Answer:
        text = spoken(body) if body.get("tools") else ""
        if "read the notes" in text:
            return self._read(body)
        if "take your time" in text:
            return held([delta("Let me ")], self.released, [delta("think."), end(usage=COUNTS)])
        if "quietly" in text:
            return held([], self.released, [delta("Here."), end(usage=COUNTS)])
        if "tell me" in text:
            return streamed(*WORDS, usage=COUNTS)
        return streamed("Colours", usage=COUNTS)

    def _read(self, body: dict[str, Any]) -> Answer:
        results = [message for message in body["messages"] if message["role"] == "tool"]
        if results:
            found = next(line for line in plain(results[-1]["content"]).splitlines() if "colour" in line)
            return streamed(f"The notes say: {found}", usage=COUNTS)
        (tool,) = (one["function"]["name"] for one in body["tools"] if one["function"]["name"] == "read_file")
        arguments = json.dumps({"filePath": str(self.notes), "startLine": 1, "endLine": 5})
        call = {"index": 0, "id": "call_notes", "type": "function", "function": {"name": tool, "arguments": arguments}}
        pieces = [event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}), end("tool_calls", COUNTS)]
        return Answer(headers={"Content-Type": "text/event-stream"}, pieces=pieces)


def spoken(body: dict[str, Any]) -> str:
    """The last thing that a person said."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    return plain(said[-1]) if said else ""


def plain(content: Any) -> str:
    """A message's text, however it is written."""
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""
