"""Enough of ``opencode serve`` for the tests that run one: a program of its own, of the standard library only.

Its replies and events have the form of those recorded from opencode-ai 1.18.33. It leaves a note about itself in the
folder that FAKE_OPENCODE_NOTES names. A model's name says what becomes of an answer.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import queue
import sys
import threading
import time
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = ["Hello", " from", " OpenCode"]
COUNTS = {"total": 15, "input": 8, "output": 3, "reasoning": 1, "cache": {"write": 0, "read": 3}}
ERRORS: dict[str, dict[str, Any]] = {
    "refused": {
        "name": "APIError",
        "data": {"message": "Invalid API key", "statusCode": 401, "isRetryable": False, "responseBody": "{}"},
    },
    "logged-out": {"name": "ProviderAuthError", "data": {"providerID": "fake", "message": "No log-in"}},
    "filtered": {"name": "ContentFilterError", "data": {"message": "The content was filtered"}},
    "too-long": {"name": "ContextOverflowError", "data": {"message": "prompt is too long: 9 tokens > 8 maximum"}},
}
NUMBERS = itertools.count(1)


def services() -> dict[str, Any]:
    """The reply about the models: those of OpenCode's own service are free, and not the first."""
    free = {"input": 0, "output": 0, "cache": {"read": 0, "write": 0}}
    paid = {"input": 2, "output": 4, "cache": {"read": 0.5, "write": 0}}

    def model(service: str, name: str, cost: dict[str, Any], image: bool = False) -> dict[str, Any]:
        taken = {"text": True, "audio": False, "image": image, "video": False, "pdf": False}
        return {
            "id": name, "providerID": service, "name": name.replace("-", " ").title(), "cost": cost,
            "limit": {"context": 8000, "output": 1000}, "status": "active",
            "capabilities": {"temperature": True, "reasoning": True, "toolcall": True, "input": taken},
        }  # fmt: skip

    fake = {name: model("fake", name, paid) for name in ("plain", "think")}
    own = {name: model("opencode", name, free, image=True) for name in ("big-pickle", "other-free")}
    return {
        "providers": [
            {"id": "fake", "name": "Fake", "source": "config", "models": fake},
            {"id": "opencode", "name": "OpenCode Zen", "source": "custom", "models": own},
        ],
        "default": {"opencode": "big-pickle"},
    }


class State:
    """What the server knows: its sessions, and who follows its events."""

    def __init__(self) -> None:
        self.sessions: dict[str, threading.Event] = {}
        self.followers: list[queue.Queue[dict[str, Any]]] = []

    def tell(self, kind: str, **properties: Any) -> None:
        for follower in list(self.followers):
            follower.put({"id": f"evt_{next(NUMBERS)}", "type": kind, "properties": properties})


class Work:
    """One answer of a session."""

    def __init__(self, state: State, session: str, body: dict[str, Any]) -> None:
        self.state, self.session, self.body = state, session, body
        self.service, self.model = body["model"]["providerID"], body["model"]["modelID"]
        self.aborted = state.sessions[session]
        self.message = f"msg_{next(NUMBERS)}"

    def tell(self, kind: str, **properties: Any) -> None:
        self.state.tell(kind, sessionID=self.session, **properties)

    def status(self, **status: Any) -> None:
        self.tell("session.status", status=status)

    def info(self, **changes: Any) -> None:
        empty = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
        info = {
            "id": self.message, "parentID": "msg_0", "role": "assistant", "mode": "modelport", "cost": 0, "tokens": empty,
            "modelID": self.model, "providerID": self.service, "time": {"created": 1}, "sessionID": self.session,
        }  # fmt: skip
        self.tell("message.updated", info=info | changes)

    def part(self, part: str, kind: str, text: str) -> None:
        fields = {"id": part, "messageID": self.message, "sessionID": self.session, "type": kind, "text": text}
        self.tell("message.part.updated", part=fields, time=1)

    def say(self, kind: str, words: list[str], *, deltas: bool = True) -> None:
        part = f"prt_{next(NUMBERS)}"
        self.part(part, kind, "")
        for word in words if deltas else ():
            self.tell("message.part.delta", messageID=self.message, partID=part, field="text", delta=word)
        self.part(part, kind, "".join(words))

    def run(self) -> None:
        user = {"id": "msg_0", "role": "user", "sessionID": self.session, "time": {"created": 1}}
        self.tell("message.updated", info=user)
        for number, part in enumerate(self.body["parts"]):
            self.tell("message.part.updated", part={**part, "id": f"prt_u{number}", "messageID": "msg_0"}, time=1)
        self.status(type="busy")
        self.state.tell(
            "message.part.delta", sessionID="ses_other", messageID="m", partID="p", field="text", delta="No"
        )
        if self.model == "missing":
            self.fail({"name": "UnknownError", "data": {"message": f"Model not found: {self.service}/{self.model}."}})
            return
        self.info()
        self.tell("message.part.updated", part={"id": "prt_s", "messageID": self.message, "type": "step-start"}, time=1)
        if self.model == "limited":
            self.status(type="retry", attempt=1, message="Rate limit reached for model", next=1)
            self.aborted.wait(60)
            return
        if self.model in ERRORS:
            self.info(error=ERRORS[self.model])
            self.fail(ERRORS[self.model])
            return
        self.answer()

    def answer(self) -> None:
        if self.model == "think":
            self.say("reasoning", ["Let me", " think."])
        if self.model == "silent":
            self.end("stop")
            return
        self.say("text", WORDS, deltas=self.model != "whole")
        if self.model == "dies":
            # Once its events have gone out.
            time.sleep(0.3)
            os._exit(3)
        if self.model == "slow":
            self.aborted.wait(60)
            self.fail({"name": "MessageAbortedError", "data": {"message": "Aborted"}})
            return
        self.end("length" if self.model == "short" else "stop")

    def fail(self, error: dict[str, Any]) -> None:
        self.tell("session.error", error=error)
        self.idle()

    def end(self, reason: str) -> None:
        self.info(finish=reason, cost=0.000032, tokens=COUNTS)
        self.idle()

    def idle(self) -> None:
        self.status(type="idle")
        self.tell("session.idle")


class Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/global/health" and not gate_is_open():
            self._json(503, {})
        elif not self._allowed():
            self._json(401, {"name": "Unauthorized"})
        elif self.path == "/config/providers":
            self._json(200, services())
        elif self.path == "/event":
            self._events()
        else:
            self._json(200, {"healthy": True, "version": "1.18.33"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if not self._allowed():
            self._json(401, {"name": "Unauthorized"})
            return
        note({"request": self.path, "body": body})
        _, _, *names = self.path.split("/")
        if not names:
            session = f"ses_{next(NUMBERS)}"
            self.state.sessions[session] = threading.Event()
            self._json(200, {"id": session, "title": body.get("title"), "version": "1.18.33"})
        elif names[0] not in self.state.sessions:
            self._json(404, {"name": "NotFoundError", "data": {"message": f"Session not found: {names[0]}"}})
        elif names[1] == "abort":
            self.state.sessions[names[0]].set()
            self._json(200, True)
        else:
            work = Work(self.state, names[0], body)
            threading.Thread(target=work.run, daemon=True).start()
            self.send_response(204)
            self.end_headers()

    def do_DELETE(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        note({"request": f"DELETE {self.path}"})
        self.state.sessions.pop(self.path.rpartition("/")[2], threading.Event()).set()
        self._json(200, True)

    def _allowed(self) -> bool:
        basic = b64encode(f"opencode:{os.environ['OPENCODE_SERVER_PASSWORD']}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {basic}"

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        # Who does not wait for the greeting misses what happens until here.
        time.sleep(0.05)
        events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.state.followers.append(events)
        events.put({"id": "evt_0", "type": "server.connected", "properties": {}})
        try:
            while True:
                try:
                    event = events.get(timeout=0.5)
                except queue.Empty:
                    event = {"id": "evt_0", "type": "server.heartbeat", "properties": {}}
                self.wfile.write(b"data: %b\n\n" % json.dumps(event).encode())
                self.wfile.flush()
        except OSError:
            self.state.followers.remove(events)
            self.close_connection = True

    def _json(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        return


def gate_is_open() -> bool:
    """Whether it is ready, which it is not before the file is there that FAKE_OPENCODE_GATE names."""
    gate = os.environ.get("FAKE_OPENCODE_GATE")
    return gate is None or Path(gate).exists()


def note(value: dict[str, Any]) -> None:
    """Adds a line to this process's file of notes."""
    if folder := os.environ.get("FAKE_OPENCODE_NOTES"):
        with (Path(folder) / f"opencode.{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(value) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pure", action="store_true")
    options = parser.parse_args()
    own = {"pid": os.getpid(), "parent": os.getppid(), "arguments": sys.argv[1:], "cwd": str(Path.cwd())}
    note({**own, "environment": dict(os.environ), "at": time.time_ns()})
    if said := os.environ.get("FAKE_OPENCODE_DIES"):
        print(said, os.environ["OPENCODE_SERVER_PASSWORD"], flush=True)
        sys.exit(3)
    Handler.state = State()
    server = ThreadingHTTPServer((options.hostname, options.port), Handler)
    print(f"opencode server listening on http://{options.hostname}:{options.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
