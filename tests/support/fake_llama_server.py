"""Enough of llama-server for the tests that run one: a program of its own, of the standard library only.

It leaves a note about itself in ``--notes`` (its process number, arguments, environment and children), says that it is
loading until the file ``--gate`` is there, and can be made to misbehave.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = ["Hello", " from", " the", " folder"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--gate", type=Path)
    parser.add_argument("--hold", type=Path, help="a stream stops after its first word until this file is there")
    parser.add_argument("--die", type=int, help="ends with this code instead of listening")
    parser.add_argument("--taken-once", type=Path, help="says that the port is taken, the first time")
    parser.add_argument("--say", action="append", default=[])
    parser.add_argument("--no-health", action="store_true")
    parser.add_argument("--deaf", action="store_true", help="takes no notice of SIGTERM")
    parser.add_argument("--child", action="store_true", help="starts a process that takes no notice either")
    parser.add_argument("--embeddings", action="store_true")
    parser.add_argument("--jinja", action="store_true")
    return parser.parse_args()


CHILD = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)


def main() -> None:
    options = arguments()
    for line in options.say:
        print(line, flush=True)
    if options.taken_once and not options.taken_once.exists():
        options.taken_once.touch()
        sys.exit(f"main: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: {options.port}")
    if options.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = None
    if options.child:
        child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
    if options.notes:
        note = {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "child": child.pid if child else None,
            "arguments": sys.argv[1:],
            "environment": dict(os.environ),
            "stdin": sys.stdin.read(),
            "port": options.port,
        }
        partial = options.notes / f".{os.getpid()}"
        partial.write_text(json.dumps(note))
        partial.rename(options.notes / f"{Path(options.model).stem}.{os.getpid()}.json")
    if options.die is not None:
        sys.exit(options.die)
    Handler.options = options
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()


class Handler(BaseHTTPRequestHandler):
    options: argparse.Namespace
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        loading = self.options.gate is not None and not self.options.gate.exists()
        if self.path == "/health" and self.options.no_health:
            self._json(404, {"detail": "Not Found"})
        elif loading:
            self._json(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        elif self.path == "/health":
            self._json(200, {"status": "ok"})
        else:
            self._json(200, {"object": "list", "data": [{"id": self.options.model, "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {os.environ['LLAMA_API_KEY']}":
            self._json(401, {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}})
        elif self.path == "/v1/embeddings":
            data = [{"index": 0, "embedding": [0.5, 0.25]}]
            self._json(200, {"object": "list", "data": data, "usage": {"prompt_tokens": 2, "total_tokens": 2}})
        elif self.path == "/apply-template":
            self._json(200, {"prompt": "<user>" + body["messages"][0]["content"]})
        elif self.path == "/tokenize":
            self._json(200, {"tokens": [1, 2, 3]})
        else:
            self._stream(body)

    def _stream(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number, word in enumerate(WORDS):
            if number == 1 and self.options.hold is not None:
                while not self.options.hold.exists():
                    time.sleep(0.02)
            self._event(
                {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}], "model": body["model"]}
            )
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _event(self, value: Any) -> None:
        self.wfile.write(b"data: %b\n\n" % json.dumps(value).encode())
        self.wfile.flush()

    def _json(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        print(self.path, flush=True)


if __name__ == "__main__":
    main()
