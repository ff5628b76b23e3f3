"""A machine on which a key comes in one way of ``support.leak_table``, and what each place holds afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from support import fake_agents, local_models
from support.leak_table import PLACES
from support.local_models import gguf
from support.oauth_server import Trouble, refusal
from support.peers import gone
from support.repeating import RepeatingOAuth
from support.server_process import ServerProcess
from support.vault_client import VaultClient

CANARY = "gsk_CANARY5f0c2e7d91b84a63"
ROOT = Path(__file__).parents[1]


def browse(url: str) -> tuple[int, str]:
    """What a browser is shown at an address."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def script(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return json.dumps(["/bin/sh", str(folder / name)])


VARIABLES = {
    "variable": {"ACME_KEY": CANARY},
    "header variable": {"OWN_HEADER": CANARY},
    "vault": {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
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
        "vault": [("credential/set", {"provider": "acme", "secret": CANARY})],
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

    def __init__(self, way: str, folder: Path, url: str, oauth: RepeatingOAuth) -> None:
        """The API at ``url``, and the authorization server of ways that are log-ins."""
        self.way, self.url, self.folder, self.oauth = way, url, folder, oauth
        self.keys = [CANARY]
        """What is searched for."""
        self.found: dict[str, list[str | bytes]] = {place.name: [] for place in PLACES}
        for name in ("home", "config", "data", "cwd", "theirs", "notes"):
            (folder / name).mkdir()
        self.before: list[tuple[str, dict[str, Any]]] = []
        agents = fake_agents.installed(folder / "agents", "@google/gemini-cli", "gemini", f"notes={folder}/agent.notes", f"received={folder}/agent.notes")  # fmt: skip
        gguf(folder / "models" / "tiny.gguf")
        self.variables = {
            "PATH": os.pathsep.join([str(agents), os.environ["PATH"]]),
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
        theirs, url = self.folder / "theirs", self.url
        prints = script(theirs, "key.sh", f"echo {CANARY}")
        child = script(theirs, "child.sh", f"env > {theirs}/child.env; cat /proc/$$/cmdline > {theirs}/child.argv; echo another-0123456789")  # fmt: skip
        base_url = f"http://user:{CANARY}@127.0.0.1:9/v1" if self.way == "base URL" else url
        config = self.folder / "config" / "config.toml"
        config.write_text(
            f'[providers.other]\nbase_url = "{url}"\nmodels = ["m"]\napi_key_command = {child}\n'
            f'[providers.acme]\nbase_url = "{base_url}"\nmodels = ["m"]\n'
            + settings(prints, url.removeprefix("http://")).get(self.way, "")
            + self.log_in_settings()
            + local_models.config(self.folder / "models", self.folder / "notes")
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

    def log_in_settings(self) -> str:
        """The provider's log-in, and what it gives out, by the way."""
        oauth, way = self.oauth, self.way.removeprefix("log-in: ")
        if way == self.way:
            return ""
        oauth.access_token = CANARY if way == "access token" else None
        oauth.refresh_token = CANARY if way == "refresh token" else None
        oauth.device_code = CANARY if way == "device code" else oauth.device_code
        shown = {"redirect_uri": "https://acme.example/code"} if way == "pasted code" else {}
        return oauth.toml(**shown).partition('/v1"\n')[2]

    @property
    def model(self) -> str:
        return "qwen-oauth/m" if self.way in ("file", "refresh token") else "acme/m"

    def run(self) -> None:
        started = VaultClient if self.way == "vault" else ServerProcess
        with started(env=self.variables, cwd=self.folder / "cwd") as server:
            server.initialize()
            self.log_in(server)
            self.ask(server, [*self.before, ("completion/create", {"prompt": "hello", "model": "other/m"})])
            self.ask(server, [("completion/create", {"prompt": "hello", "model": "llama-cpp/tiny"})])
            self.ask(server, [("agent/discover", {"level": "verify", "ids": ["gemini"], "sessions": True})])
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

    def log_in(self, server: ServerProcess) -> None:
        """Logs in, is refused, and logs in again; the token is renewed once, after that has failed."""
        oauth = self.oauth
        if not self.way.startswith("log-in: "):
            return
        for way in ("device", "code"):
            self.follow(server, way, [refusal("invalid_grant")])
            self.follow(server, way, [])
        hello = ("completion/create", {"prompt": "hello", "model": self.model})
        oauth.revoke()
        oauth.troubles = [refusal("temporarily_unavailable")] * 4
        self.ask(server, [hello])
        oauth.troubles.clear()
        self.ask(server, [hello, ("credential/test", {"provider": "acme"})])
        if self.way == "log-in: verifier":
            self.keys = [form["code_verifier"] for _, form in oauth.forms if "code_verifier" in form]

    def follow(self, server: ServerProcess, method: str, troubles: list[Trouble]) -> None:
        """What a person does during one log-in."""
        oauth = self.oauth
        request = server.begin("credential/login", {"provider": "acme", "method": method, "workDoneToken": "t"})
        update = server.notification("credential/update")
        self.found["wire"].append(json.dumps(update))
        oauth.troubles = list(troubles)
        oauth.approved.set()
        if method == "code":
            code = {"code": CANARY} if self.way in ("log-in: code", "log-in: pasted code") else {}
            back, _ = oauth.visit(update["verificationUri"], **code)
            if self.way == "log-in: pasted code":
                self.ask(
                    server, [("credential/input", {"provider": "acme", "text": back.replace("state=", "state=x")})]
                )
                self.ask(server, [("credential/input", {"provider": "acme", "text": back})])
                self.ask(server, [("credential/input", {"provider": "acme", "text": back})])
            else:
                self.found["wire"] += [browse(back.replace("state=", "state=x"))[1], browse(back)[1]]
        reply = server.reply(request)
        assert ("error" in reply) == bool(troubles), reply
        self.found["wire"].append(json.dumps(reply))

    def ask(self, server: ServerProcess, requests: list[tuple[str, dict[str, Any]]]) -> None:
        self.found["wire"] += [json.dumps(server.request(method, params)) for method, params in requests]

    def gather(self) -> None:
        theirs, data = self.folder / "theirs", self.folder / "data"
        for path in filter(Path.is_file, data.rglob("*")):
            self.found["ledger" if path.name.startswith("usage.sqlite3") else "data"].append(path.read_bytes())
        self.found["config"] = [path.read_bytes() for path in (self.folder / "config").rglob("*") if path.is_file()]
        for place, name in (("argv", "child.argv"), ("environment", "child.env")):
            self.found[place] += [(theirs / name).read_bytes()] if (theirs / name).exists() else []
        notes = self.folder / "agent.notes"
        self.found["agents"] = [notes.read_bytes()] if notes.exists() else []
        self.found["llama-server"] = [json.dumps(note) for note in local_models.started(self.folder / "notes")]
        assert all(map(gone, local_models.running(self.folder / "notes")))
        self.found["cwd"] = [b"searched", *(path.read_bytes() for path in (self.folder / "cwd").rglob("*"))]
