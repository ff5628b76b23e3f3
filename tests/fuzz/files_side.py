"""The files that the server reads: its own, those of other programs and of the user, changed in every way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import tomlkit

from contract.test_usage_ledger import record
from fuzz.hermetic import MAX_PEAK_KB, environment, peak_kb, said_badly
from fuzz.odd_values import mutated
from fuzz.upstream import Reply, Upstream
from modelport.adapters.usage_ledgers.spool import numbered
from support.agent_registry import entry, registry
from support.local_models import gguf
from support.server_process import Ended, ServerProcess

CASES = 30
"""In a batch."""
ANSWER_S = 20.0
COMMAND_S = 60.0
KEY = "sk-canary-4b60e2d84f3a9c51"
CONFIGURATION = """
default_model = "mock/mock"
timeout_s = 60
[defaults]
resolution = "automatic"
[providers.acme]
base_url = "http://127.0.0.1:9/v1"
dialect = "openai_chat"
models = ["large", "small"]
default_model = "large"
aliases = ["a"]
api_key_env = "ACME_KEY"
api_key_command = ["echo", "key-0123456789"]
headers = { X-Team = "core", X-Token = { env = "ACME_TOKEN" }, X-Run = { command = ["echo", "x"] } }
capabilities = ["chat"]
verify_tls = false
proxy = "http://127.0.0.1:9"
ca_file = "root.pem"
[providers.acme.wire]
max_tokens_field = "max_completion_tokens"
[providers.openai]
timeout_s = 120
[local_models]
folder = "../models"
gpu_layers = 1
flags = ["--jinja"]
"""
EDITOR = {
    "agent_servers": {"Mine": {"command": "mine", "args": ["--acp"], "env": {"A": "b"}}, "Other": {"type": "registry"}}
}
CODE = {"acp.agents": {"Mine": {"command": "mine", "args": ["--acp"], "env": {"A": "b"}}}, "editor.fontSize": 12}
ROUTER = {"providers": [{"name": "acme", "base_url": "http://127.0.0.1:9", "models": ["m"], "api_key_env": "ACME_KEY"}]}
LISTED = {
    "object": "list",
    "data": [{"id": "m1", "object": "model", "created": 1, "owned_by": "x", "context_length": 4096}, {"id": "m2"}],
}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("providers", "--json"),
    ("doctor", "--json"),
    ("usage", "--json"),
    ("config", "check"),
    ("keys", "list", "--json"),
    ("acp-discover", "--json"),
    ("chat", "-m", "mock/mock", "Hello"),
)
FORMS = ("folder", "dangling link", "circle", "pipe", "no rights")
"""What may stand in the place of a file."""


@dataclass(frozen=True)
class Changed:
    """A file with another content, or ``form`` in its place; ``command`` is run beside the server's requests."""

    file: str
    content: bytes
    form: str | None = None
    command: tuple[str, ...] | None = None

    def simpler(self) -> Iterator[Changed]:
        """The same with less of the content."""
        if self.command:
            yield replace(self, command=None)
        size = len(self.content)
        step = size // 2
        while step >= max(1, size // 64):
            for start in range(0, size, step):
                yield replace(self, content=self.content[:start] + self.content[start + step :])
            step //= 2

    def __repr__(self) -> str:
        form = f"{self.form} in place of " if self.form else ""
        command = f", and {' '.join(self.command)}" if self.command else ""
        return f"{form}{self.file}: {self.content!r:.900}{command}"


class FilesSide:
    """A target: a home with every file that is read, one of them changed at a time."""

    name = "files"

    def batch(self, chance: Random) -> Sequence[Changed]:
        """Changes of files, a few of them also before a command of its own."""
        names = sorted(self._sound)
        return [self._case(chance.choice(names), chance, with_command=index % 12 == 0) for index in range(CASES)]

    def _case(self, name: str, chance: Random, *, with_command: bool) -> Changed:
        content = self._sound[name]
        command = chance.choice(COMMANDS) if with_command else None
        draw = chance.random()
        if draw < 0.08:
            return Changed(name, content, chance.choice(FORMS), command)
        if draw < 0.5:
            content = _rewritten(name, content, chance)
        else:
            for _ in range(chance.choice((1, 1, 3))):
                content = _bytes_changed(content, chance)
        return Changed(name, content, None, command)

    @cached_property
    def _upstream(self) -> Upstream:
        def reply(name: str) -> Reply:
            body = json.dumps(registry(entry()) if name == "registry.json" else LISTED).encode()
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            return Reply((head, body), then="keep")

        return Upstream(reply)

    @cached_property
    def _sound(self) -> Mapping[str, bytes]:
        """Every file by its path in the home: those of other programs, and those that the server has written itself."""
        files = _foreign_files()
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            home = Path(folder)
            variables = environment(home)
            _lay_out(home, files)
            server = ServerProcess(env=variables)
            try:
                server.initialize()
                for method, params in self._requests():
                    server.request(method, params)
                server.result("agent/discover", {"registry": f"{self._upstream.url}/registry.json"})
                server.close_input()
                server.process.wait(ANSWER_S)
            finally:
                server.kill()
            own = {
                path.relative_to(home).as_posix(): path.read_bytes()
                for path in (home / "data").rglob("*")
                if path.is_file()
            }
        call = msgspec.json.encode(numbered(record())) + b"\n"
        return {**files, **own, "data/waiting/left.calls": call}

    def _requests(self) -> list[tuple[str, dict[str, Any]]]:
        """What reads all of them."""
        local = {"provider": "openai-compatible", "baseUrl": f"{self._upstream.url}/v1", "apiKey": KEY, "verify": False}
        return [
            ("credential/set", {"provider": "groq", "secret": KEY}),
            ("provider/connect", local),
            ("model/list", {"provider": "openai-compatible"}),
            ("model/list", {"provider": "llama-cpp"}),
            ("provider/list", {}),
            ("provider/status", {}),
            ("credential/list", {}),
            ("completion/create", {"model": "mock/mock", "prompt": "Hello"}),
            ("completion/create", {"model": "acme/large", "prompt": "Hello"}),
            ("completion/create", {"model": "copilot/gpt-5.5", "prompt": "Hello"}),
            ("usage/summary", {}),
            ("usage/history", {"limit": 5}),
            ("agent/discover", {"level": "static"}),
            ("diagnostics/run", {}),
        ]

    def mistakes(self, cases: Sequence[Changed]) -> list[str]:
        """Changes one file after the other below one server, and has all of them read each time."""
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            home = Path(folder)
            variables = environment(home)
            _lay_out(home, self._sound)
            if cases:
                # The first is there before the server is.
                _put(home, cases[0])
            server = ServerProcess(env=variables)
            try:
                return list(self._run(server, cases, home, variables))
            finally:
                server.kill()
                with suppress(OSError):
                    shutil.rmtree(home)

    def _run(
        self, server: ServerProcess, cases: Sequence[Changed], home: Path, variables: Mapping[str, str]
    ) -> Iterator[str]:
        said: list[str] = []
        try:
            server.initialize()
            for case in cases:
                _put(home, case)
                server.notify("workspace/didChangeWatchedFiles", {"changes": []})
                ids = {server.begin(method, params): method for method, params in self._requests()}
                for told, method in ids.items():
                    reply = server.reply(told, ANSWER_S)
                    said.append(json.dumps(reply))
                    if reply.get("error", {}).get("code") == -32603:
                        yield f"a bug in {method}: {reply} with {case!r}"
                server.unclaimed.clear()
                if case.command:
                    yield from _command(case.command, variables)
                _restore(home, case.file, self._sound[case.file])
        except (Ended, OSError, TimeoutError) as end:
            yield f"the server has ended, or hangs: {end!r:.600}, exit code {server.process.poll()}"
            yield from said_badly(server.stderr)
            return
        peak = peak_kb(server.process.pid)
        if peak > MAX_PEAK_KB:
            yield f"it has held {peak} KiB, more than {MAX_PEAK_KB}"
        server.close_input()
        server.process.wait(ANSWER_S)
        server._errors.join(ANSWER_S)
        yield from server.exchange.mistakes
        yield from said_badly(server.stderr)
        yield from (f"the key leaves: {text:.600}" for text in (*said, server.stderr) if KEY in text)


def _foreign_files() -> dict[str, bytes]:
    """The files that other programs and the user write."""
    instance = {
        "formatVersion": 1,
        "pid": os.getpid(),
        "startedAt": "2026-11-20T14:02:11Z",
        "name": "mine",
        "protocol": "acp",
        "transport": "http",
        "url": "http://127.0.0.1:9/acp",
        "host": {"name": "Zed", "pid": 5},
        "capabilities": ["a"],
        "protocolVersion": 1,
    }
    objects: dict[str, Any] = {
        "config/config.json": ROUTER,
        ".config/zed/settings.json": EDITOR,
        ".jetbrains/acp.json": EDITOR,
        ".config/Code/User/settings.json": CODE,
        ".acpx/config.json": {"agents": {"mine": {"command": "mine --acp"}}},
        ".config/github-copilot/apps.json": {"github.com:Iv1": {"user": "x", "oauth_token": "gho_0123456789abcdef"}},
        ".qwen/oauth_creds.json": {"access_token": "key-0123456789", "refresh_token": "x", "expiry_date": 1},
        ".config/gcloud/application_default_credentials.json": {
            "type": "authorized_user",
            "client_id": "x",
            "client_secret": "y",
            "refresh_token": "z",
        },
        f"runtime/acp-agents/mine-{os.getpid()}.json": instance,
        "data/login-path.json": {"path": "/usr/bin:/bin", "asked_at_s": 1800000000},
        "data/keyring-providers.json": ["groq", "openai"],
    }
    texts = {
        "config/config.toml": CONFIGURATION,
        "config/skynet.toml": '[llm]\nprovider = "openai"\nmodel = "gpt-5.5"\nbase_url = "http://127.0.0.1:9"\n',
        ".aws/credentials": "[default]\naws_access_key_id = AKIA0123456789ABCDEF\naws_secret_access_key = x\n",
        ".aws/config": "[default]\nregion = us-east-1\n",
        "bin/mine": "#!/bin/sh\nexit 0\n",
    }
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        gguf(Path(folder) / "tiny.gguf", context=2048, more=20)
        model = (Path(folder) / "tiny.gguf").read_bytes()
    return {
        **{name: json.dumps(value, indent=1).encode() for name, value in objects.items()},
        **{name: text.encode() for name, text in texts.items()},
        "models/tiny.gguf": model,
    }


def _lay_out(home: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        _restore(home, name, content)
    (home / "bin/mine").chmod(0o755)
    (home / "runtime/acp-agents").chmod(0o700)
    # It is read in place of the others as long as it is there.
    (home / "config/config.toml").chmod(0o600)


def _restore(home: Path, name: str, content: bytes) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(path)
    path.write_bytes(content)
    path.chmod(0o755 if name.startswith("bin/") else 0o600)


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _put(home: Path, case: Changed) -> None:
    path = home / case.file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(path)
    if case.file.startswith("config/") and case.file != "config/config.toml":
        # The others are read only where it is missing.
        _clear(home / "config/config.toml")
    if case.form == "folder":
        path.mkdir()
    elif case.form == "dangling link":
        path.symlink_to("nowhere")
    elif case.form == "circle":
        path.symlink_to(path.name)
    elif case.form == "pipe" and hasattr(os, "mkfifo"):
        os.mkfifo(path)
    else:
        path.write_bytes(case.content)
        path.chmod(0o000 if case.form == "no rights" else 0o755 if case.file.startswith("bin/") else 0o600)


def _command(words: tuple[str, ...], variables: Mapping[str, str]) -> Iterator[str]:
    """Runs a command in the same home."""
    start = (
        ["-c", "from modelport.__main__ import acp_discover; acp_discover()", *words[1:]]
        if words[0] == "acp-discover"
        else ["-m", "modelport", *words]
    )
    try:
        done = subprocess.run(
            [sys.executable, *start],
            env={**os.environ, **variables},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield f"modelport {' '.join(words)} hangs"
        return
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode not in (0, 1, 2):
        yield f"modelport {' '.join(words)} ended with {done.returncode}: {output:.600}"
    yield from said_badly(output)


def _rewritten(name: str, content: bytes, chance: Random) -> bytes:
    """A document changed in its structure; other files are changed in their bytes."""
    changes = chance.choice((1, 1, 2, 5))
    try:
        if name.endswith(".toml"):
            return tomlkit.dumps(_without_nulls(mutated(tomllib.loads(content.decode()), chance, changes))).encode(
                "utf-8", "surrogatepass"
            )
        return json.dumps(mutated(json.loads(content), chance, changes)).encode()
    except (ValueError, TypeError, RecursionError, AttributeError):
        return _bytes_changed(content, chance)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value if part is not None] if isinstance(value, list) else value


def _bytes_changed(content: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    end = min(len(content), start + chance.choice((1, 4, 50, 10_000)))
    junk = chance.choice(
        (
            b"\0",
            b"\xff\xfe",
            b"[" * 5000,
            b'{"a":' * 5000,
            b"\r",
            b'"',
            b"\xed\xa0\x80",
            b"x" * 100_000,
            b"9" * 5000,
            b"\xef\xbb\xbf",
            b"= 1\n",
            b"\xff" * 8,
        )
    )
    return chance.choice(
        (
            content[:start],
            content[start:],
            content[:start] + junk + content[start:],
            content[:start] + junk + content[end:],
            content[:start] + content[end:],
            content[:start] + bytes(chance.randrange(256) for _ in range(end - start)) + content[end:],
            junk + content,
            content.decode("utf-8", "replace").encode("utf-16"),
            content + content,
            b"",
            junk,
        )
    )
