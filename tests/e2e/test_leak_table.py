"""Each way by which a key comes in, by each place that Modelport writes to: ``support.leak_table`` is the table."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.http_server import Answer, LocalServer, Received
from support.leak_table import PLACES, WAYS
from support.server_process import ServerProcess

pytestmark = pytest.mark.skipif(os.name == "nt", reason="scripts of a shell, and /proc")
CANARY = "gsk_CANARY5f0c2e7d91b84a63"
ROOT = Path(__file__).parents[1]
SENT = frozenset({"variable", "keyring", "credential/set", "keys set", "key command", "header variable", "header command", "apiKey", "header", "several keys", "file"})  # fmt: skip
"""The ways whose key reaches the provider, which repeats it in each of its answers."""


def plain(text: str) -> str:
    return re.sub("[^a-z0-9]", "", text.lower())


def forms(key: str) -> set[str]:
    """Twelve letters in a row of each form: of parts, in capitals and with blanks between they are the same."""
    raw = key.encode()
    whole = {plain(key), raw.hex(), plain("".join(f"%{byte:02x}" for byte in raw)), plain(quote(key))}
    whole |= {plain(b64encode(b"\0" * n + raw).decode()[4:-4]) for n in range(3)}
    return {form[at : at + 12] for form in whole for at in range(len(form) - 11)}


FORMS = forms(CANARY)


def holds(content: str | bytes) -> bool:
    text = content if isinstance(content, str) else content.decode("latin-1")
    # Escapes of JSON count as what they stand for.
    letters = plain(re.sub(r"\\u00([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text))
    return any(form in letters for form in FORMS)


def repeats(request: Received) -> Answer:
    """A provider that repeats what it is sent, whole, in hexadecimal and in Base64, in its answer and in its errors."""
    if "first-" in request.headers.get("authorization", ""):
        return Answer(401, chunks=[b'{"error": {"message": "no such key"}}'])
    given = json.dumps(dict(request.headers))
    told = f"{given} {given.encode().hex()} {b64encode(given.encode()).decode()} {' '.join(given)}"
    if request.path.endswith("/models"):
        return Answer(chunks=[json.dumps({"data": [{"id": "m", "description": told}, {"id": given}]}).encode()])
    if b"refuse" in request.body:
        return Answer(400, headers={"x-request-id": given}, chunks=[json.dumps({"error": {"message": told}}).encode()])
    event = {"choices": [{"index": 0, "delta": {"content": told}, "finish_reason": "stop"}]}
    lines = [f"data: {json.dumps(event)}\n\n".encode(), b"data: [DONE]\n\n"]
    return Answer(headers={"content-type": "text/event-stream"}, chunks=lines)


def script(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return json.dumps(["/bin/sh", str(folder / name)])


VARIABLES = {
    "variable": {"ACME_KEY": CANARY},
    "header variable": {"OWN_HEADER": CANARY},
    "proxy variable": dict.fromkeys(("HTTP_PROXY", "http_proxy"), f"http://user:{CANARY}@127.0.0.1:9"),
}


def settings(prints: str, place: str) -> dict[str, str]:
    """What the configuration says of the provider, by the way."""
    open_ = 'auth = "none"\nrequires_api_key = false\n'
    return {
        "variable": 'api_key_env = "ACME_KEY"\n',
        "keyring": "requires_api_key = true\n",
        "key command": f"api_key_command = {prints}\n",
        "header variable": 'headers = { X-Own = { env = "OWN_HEADER" } }\n' + open_,
        "header command": f"headers = {{ X-Own = {{ command = {prints} }} }}\n{open_}",
        "proxy": f'proxy = "http://user:{CANARY}@{place}"\n{open_}',
    }


def requests(url: str) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What the client says before the calls, by the way."""
    acme = {"provider": "acme", "verify": False}
    log_in = [("provider/connect", {"provider": "qwen-oauth", "baseUrl": url, "verify": False})]
    return {
        "credential/set": [("credential/set", {"provider": "acme", "secret": CANARY})],
        "apiKey": [("provider/connect", acme | {"apiKey": CANARY})],
        "header": [("provider/connect", acme | {"apiKey": "s-0123456789", "headers": {"X-Own": CANARY}})],
        "several keys": [
            ("credential/set", {"provider": "acme", "secret": "first-0123456789abcdef"}),
            ("credential/set", {"provider": "acme", "secret": CANARY, "add": True}),
        ],
        "file": log_in,
        "refresh token": log_in,
        "base URL of a request": [("provider/connect", acme | {"baseUrl": f"http://user:{CANARY}@127.0.0.1:9/v1"})],
    }


class World:
    """A machine on which a key comes in one way; ``found`` is what each place holds at the end."""

    def __init__(self, way: str, url: str, folder: Path) -> None:
        self.way, self.url, self.folder = way, url, folder
        self.found: dict[str, list[str | bytes]] = {place.name: [] for place in PLACES}
        for name in ("home", "config", "data", "cwd", "theirs"):
            (folder / name).mkdir()
        self.before: list[tuple[str, dict[str, Any]]] = []
        self.variables = {
            "HOME": str(folder / "home"),
            "PYTHONPATH": os.pathsep.join([str(ROOT.parent / "server"), str(ROOT)]),
            "PYTHON_KEYRING_BACKEND": "support.file_keyring.FileKeyring",
            "TEST_KEYRING_FILE": str(folder / "theirs" / "keyring.json"),
            "MODELPORT_CONFIG_DIR": str(folder / "config"),
            "MODELPORT_DATA_DIR": str(folder / "data"),
            "XDG_RUNTIME_DIR": str(folder / "data"),
            "MODELPORT_LOG": "debug",
        }
        self.set_up()

    def set_up(self) -> None:
        theirs, url, prints = (
            self.folder / "theirs",
            self.url,
            script(self.folder / "theirs", "key.sh", f"echo {CANARY}"),
        )
        child = script(theirs, "child.sh", f"env > {theirs}/child.env; cat /proc/$$/cmdline > {theirs}/child.argv; echo another-0123456789")  # fmt: skip
        base_url = f"http://user:{CANARY}@127.0.0.1:9/v1" if self.way == "base URL" else url
        config = self.folder / "config" / "config.toml"
        config.write_text(
            f'[providers.other]\nbase_url = "{url}"\nmodels = ["m"]\napi_key_command = {child}\n'
            f'[providers.acme]\nbase_url = "{base_url}"\nmodels = ["m"]\n'
            + settings(prints, url.removeprefix("http://")).get(self.way, "")
        )
        self.variables |= VARIABLES.get(self.way, {})
        self.before = requests(url).get(self.way, [])
        if self.way == "keyring":
            (theirs / "keyring.json").write_text(json.dumps({"modelport/acme": json.dumps({"secret": CANARY})}))
        elif self.way == "keys set":
            command = [sys.executable, "-m", "modelport", "keys", "set", "acme"]
            done = subprocess.run(command, input=CANARY.encode(), env={**os.environ, **self.variables}, capture_output=True, check=False)  # fmt: skip
            assert done.returncode == 0, done.stderr
            self.found["stderr"] += [done.stdout, done.stderr]
        elif self.way in ("file", "refresh token"):
            tokens = {"access_token": "access-0123456789", "refresh_token": "refresh-0123456789"}
            tokens["access_token" if self.way == "file" else "refresh_token"] = CANARY
            kept = json.dumps({**tokens, "expiry_date": int(time.time() * 1000) + 3_600_000})
            (self.folder / "home" / ".qwen").mkdir()
            (self.folder / "home" / ".qwen" / "oauth_creds.json").write_text(kept)

    @property
    def model(self) -> str:
        return "qwen-oauth/m" if self.way in ("file", "refresh token") else "acme/m"

    def run(self) -> None:
        with ServerProcess(env=self.variables, cwd=self.folder / "cwd") as server:
            server.initialize()
            self.ask(server, [*self.before, ("completion/create", {"prompt": "hello", "model": "other/m"})])
            self.ask(server, [("completion/create", {"prompt": "hello", "model": self.model, "streamId": "s"})])
            with sqlite3.connect(self.folder / "data" / "usage.sqlite3", isolation_level=None) as lock:
                lock.execute("BEGIN IMMEDIATE")
                self.ask(server, [("completion/create", {"prompt": "refuse", "model": self.model})])
                self.found["spool"] = [path.read_bytes() for path in (self.folder / "data" / "waiting").glob("*")]
                lock.execute("ROLLBACK")
            lock.close()
            provider = self.model.partition("/")[0]
            self.ask(server, [("model/list", {"provider": provider}), ("provider/list", {}), ("provider/status", {})])
            self.ask(server, [("credential/list", {}), ("usage/history", {}), ("diagnostics/run", {})])
            self.found["argv"].append(Path(f"/proc/{server.process.pid}/cmdline").read_bytes())
            self.found["wire"] += [json.dumps(message) for message in server.unclaimed]
            server.unclaimed.clear()
            server.process.send_signal(signal.SIGSEGV)
            server.process.wait(10)
            server._errors.join(5)
            server.unclaimed.clear()
        self.found["stderr"].append(server.stderr)
        self.gather()

    def ask(self, server: ServerProcess, requests: list[tuple[str, dict[str, Any]]]) -> None:
        self.found["wire"] += [json.dumps(server.request(method, params)) for method, params in requests]

    def gather(self) -> None:
        theirs, data = self.folder / "theirs", self.folder / "data"
        for path in filter(Path.is_file, data.rglob("*")):
            self.found["ledger" if path.name.startswith("usage.sqlite3") else "data"].append(path.read_bytes())
        self.found["config"] = [path.read_bytes() for path in (self.folder / "config").rglob("*") if path.is_file()]
        for place, name in (("argv", "child.argv"), ("environment", "child.env")):
            self.found[place] += [(theirs / name).read_bytes()] if (theirs / name).exists() else []
        self.found["cwd"] = [b"searched", *(path.read_bytes() for path in (self.folder / "cwd").rglob("*"))]


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
@pytest.mark.timeout(60)
def test_no_place_holds_a_key(way: Any, tmp_path: Path) -> None:
    with LocalServer(repeats) as upstream:
        world = World(way.name, upstream.url, tmp_path)
        world.run()
        sent = [request for request in upstream.requests if CANARY in str(request.headers)]
        assert bool(sent) == (way.name in SENT), world.found["wire"]
    # Each place has something in it to be searched.
    assert [place.name for place in PLACES if not any(world.found[place.name])] == list(way.empty)
    leaks = [name for name, contents in world.found.items() if any(map(holds, contents))]
    # What the user has put there is found.
    assert leaks == list(way.by_hand)


@pytest.mark.parametrize("form", [CANARY, CANARY.upper(), " ".join(CANARY), CANARY.encode().hex(), json.dumps({"k": CANARY}), b64encode(f"user:{CANARY}".encode()).decode(), quote(CANARY), "".join(f"%{ord(c):02X}" for c in CANARY), "".join(f"\\u{ord(c):04x}" for c in CANARY)])  # fmt: skip
def test_the_search_finds_each_form(form: str) -> None:
    assert holds(f"before {form} after")
    assert not holds("before gsk_CANARY after")
