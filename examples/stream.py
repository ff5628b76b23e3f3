"""Streams one completion from a Modelport server, as an editor would: plain JSON-RPC over the server's stdio.

Usage: python examples/stream.py [--server COMMAND] [--model MODEL] [PROMPT]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

CONNECT = """
No provider is set up, so the embedded mock answered. To use a real one:
  a cloud provider   export OPENAI_API_KEY=...  (or ANTHROPIC_API_KEY, GROQ_API_KEY, ...), then make run
                     or keep the key in the keyring:  modelport keys set groq
  a local server     modelport chat -m ollama/qwen3:8b "Hello"
modelport providers lists all of them."""


class Server:
    """A server started as a child process; messages are Content-Length frames."""

    def __init__(self, command: str) -> None:
        self.process = subprocess.Popen([command, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next_id = 0

    def send(self, method: str, params: dict[str, Any], **more: Any) -> None:
        """Writes one message."""
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Reads one message."""
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                sys.exit("the server has ended")
            length = int(line.partition(b":")[2])
        return json.loads(self.process.stdout.read(length))

    def request(self, method: str, params: dict[str, Any]) -> Any:
        """Sends a request, prints the text of updates as they arrive, and returns the result."""
        self.next_id += 1
        self.send(method, params, id=self.next_id)
        while True:
            message = self.receive()
            if message.get("method") == "completion/update":
                told = message["params"]
                # Other streams, and reasoning, are not this answer.
                if told["streamId"] == params.get("streamId") and told["update"]["kind"] == "text":
                    print(told["update"]["text"], end="", flush=True)
            elif "error" in message and message["id"] in (self.next_id, None):
                # Without an id: the request could not be read.
                sys.exit("\n" + message["error"]["message"])
            elif message.get("id") == self.next_id:
                return message["result"]


def main() -> None:
    """Starts a server, sends it a prompt, prints the answer and its usage."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="modelport", help="the modelport command")
    parser.add_argument("--model", default=os.environ.get("MODEL"), help="provider/model")
    parser.add_argument("prompt", nargs="?", default="In one sentence: what is a language server?")
    given = parser.parse_args()

    server = Server(given.server)
    hello = server.request(
        "initialize", {"processId": os.getpid(), "clientInfo": {"name": "example"}, "capabilities": {}}
    )
    server.send("initialized", {})
    print(f"{hello['serverInfo']['name']} {hello['serverInfo']['version']}")

    model = given.model or ready_model(server)
    print(f"asking {model}: {given.prompt}\n")
    # What is printed cannot be taken back.
    params = {"model": model, "prompt": given.prompt, "streamId": "example", "resets": False}
    completion = server.request("completion/create", params)
    usage = completion["usage"]
    money = "price unknown" if usage["usdMicros"] is None else f"${usage['usdMicros'] / 1e6:.6f}"
    print(
        f"\n\nusage: {usage['inputTokens']} tokens in, {usage['outputTokens']} out, "
        f"{usage['latencyMs']:.0f} ms, {money}"
    )
    if model.startswith("mock/"):
        print(CONNECT)
    server.request("shutdown", {})
    server.send("exit", {})
    server.process.wait()


def ready_model(server: Server) -> str:
    """The default model of the first provider with a key, else the mock."""
    for provider in server.request("provider/list", {"configuredOnly": True})["providers"]:
        if provider["requiresApiKey"] and provider["status"] != "retired" and "defaultModel" in provider:
            return f"{provider['id']}/{provider['defaultModel']}"
    return "mock/mock:delay=40"


if __name__ == "__main__":
    main()
