"""Sends a call to a real collector, arize-phoenix, and reads its spans back from there. By hand: make otel."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

DEADLINE_S = 120.0
EXPECTED = {"modelport.completion", "chat mock"}


def main(phoenix: str) -> int:
    """Starts Phoenix, makes one call of the embedded mock, and prints what has arrived; 0 where it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        port, grpc_port = _free_port(), _free_port()
        names = {"PHOENIX_WORKING_DIR": folder, "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(grpc_port)}
        home = dict.fromkeys(("MODELPORT_DATA_DIR", "MODELPORT_CONFIG_DIR", "XDG_RUNTIME_DIR"), folder)
        url = f"http://127.0.0.1:{port}"
        log = Path(folder, "phoenix.log")
        with log.open("wb") as output:
            server = subprocess.Popen([phoenix, "serve"], env={**os.environ, **names}, stdout=output, stderr=output)
            try:
                _read(url)
                table = f'[telemetry]\notlp_endpoint = "{url}"\nmetrics = false\n'
                Path(folder, "config.toml").write_text(table, encoding="utf-8")
                command = [sys.executable, "-m", "modelport", "chat", "-m", "mock/mock", "--no-log", "hello"]
                subprocess.run(command, env={**os.environ, **home}, check=True)
                spans = _spans(url)
            finally:
                server.terminate()
                server.wait()
    for span in spans:
        print(json.dumps({name: span.get(name) for name in ("name", "span_kind", "parent_id", "status_code")}))
        print(json.dumps(span["attributes"], indent=2, sort_keys=True))
    by_name = {span["name"]: span for span in spans}
    if set(by_name) != EXPECTED:
        print(f"Expected {sorted(EXPECTED)}, got {sorted(by_name)}.")
        return 1
    call, request = by_name["chat mock"], by_name["modelport.completion"]
    return 0 if call["parent_id"] == request["context"]["span_id"] else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _read(url: str) -> bytes:
    """The answer of a server that is starting."""
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.read()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.5)


def _spans(url: str) -> list[dict[str, Any]]:
    """The spans in Phoenix, which writes them down some time after it has accepted them."""
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        found = json.loads(_read(f"{url}/v1/projects/default/spans"))["data"]
        if len(found) >= len(EXPECTED) or time.monotonic() > deadline_s:
            return found
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
