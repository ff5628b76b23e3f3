"""Kills editors and servers at random moments, while an outsider holds the pipes, and looks at what is left.

Usage: python tests/soak/deaths.py [DEATHS [SEED [WORDS]]], where the words are of the moments that count.

It prints the kill table: who died at which moment, how often, what was left after five seconds, and how long the last
process took to go. The exit code is 1 when anything was left.

What belongs to a death is what was below the editor when it was killed, what has the death's variable in its environment,
and what the programs have noted about themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import child_programs, fake_agents, local_models
from support.http_server import Answer, LocalServer, Received

EDITOR = Path(__file__).with_name("editor.py")
LEFT_AFTER_S = 5.0
READY_S = 60.0
"""How long the way to a moment may take; the machine may be busy."""
VARIABLE = "MODELPORT_DEATH"
AT_ONCE = 4
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": "@" * 10, "capabilities": {}}}
EDITOR_DIES, SERVER_DIES, BOTH_DIE = "editor", "server", "both"


class Moment(NamedTuple):
    """When a death is: after these messages, once the output has held the marker and so many programs have started."""

    messages: tuple[dict[str, Any], ...] = ()
    cut: float = 1.0
    """Which part of the bytes is written."""
    marker: str = ""
    programs: int = 0
    within_s: float = 0.3
    """The death is at a random time of this length after that."""
    without_pid: bool = False


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


STREAM = request(2, "completion/create", model="mock/mock:delay=20", prompt="x " * 2000, streamId="s")
KEY = request(2, "completion/create", model="acme/x", prompt="x")
AWS = request(2, "completion/create", model="bedrock/x", prompt="x")
GOOGLE = request(2, "completion/create", model="vertex/gemini-x", prompt="x")
VERIFY = request(2, "agent/discover", level="verify", ids=["gemini"], timeoutMs=60000)
PULL = request(2, "model/pull", provider="ollama", model="endless", workDoneToken="p")
LOCAL = request(2, "completion/create", model="llama-cpp/tiny", prompt="x")
MOMENTS: dict[str, Moment] = {
    "before the first byte": Moment(),
    "between header and body": Moment((HELLO,), cut=0.5),
    "with initialize under way": Moment((HELLO,), within_s=0.1),
    "without processId": Moment((HELLO,), within_s=0.1, without_pid=True),
    "after initialize": Moment((HELLO,), marker="capabilities", within_s=1.0),
    "after it, without processId": Moment((HELLO,), marker="capabilities", within_s=1.0, without_pid=True),
    "in a stream": Moment((HELLO, STREAM), marker="completion/update"),
    "in a key command": Moment((HELLO, KEY), programs=4),
    "in a log-in of AWS": Moment((HELLO, AWS), programs=4),
    "in a log-in of Google": Moment((HELLO, GOOGLE), programs=4),
    "in a verify": Moment((HELLO, VERIFY), programs=3),
    "in a download": Moment((HELLO, PULL), marker='"percentage":25'),
    "while a model loads": Moment((HELLO, LOCAL), programs=2),
}
EARLY = ("before the first byte", "between header and body", "with initialize under way")


class Death(NamedTuple):
    """One death and what was left of it."""

    moment: str
    who: str
    left: tuple[str, ...]
    after_s: float
    """When the last process had gone."""
    cpu_s: float = 0.0
    """The processor time that the server and its programs had used by then."""


class Deathbeds:
    """Where the deaths are: a folder for each, and a server that never finishes a download."""

    def __init__(self, folder: Path, left_after_s: float) -> None:
        self._folder = folder
        self._left_after_s = left_after_s
        self._mark = uuid.uuid4().hex
        self._holders = folder / "holders"
        self._over = threading.Event()
        self._upstream = LocalServer(self._answer)

    def close(self) -> None:
        """Ends the outsiders."""
        self._over.set()
        self._upstream.close()
        if self._holders.exists():
            for line in self._holders.read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(line), signal.SIGKILL)

    def die(self, number: int, name: str, who: str, chance: random.Random) -> Death:
        """Starts an editor with its server, brings it to the moment and kills."""
        moment = MOMENTS[name]
        home = self._folder / str(number)
        notes = home / "notes"
        environment = {**self._environment(home, notes), VARIABLE: f"{self._mark}-{number}-"}
        argv = [sys.executable, "-I", "-S", str(EDITOR), str(self._holders), moment.marker, _bytes(moment).hex()]
        server = [sys.executable, "-m", "modelport", "serve"]
        editor = subprocess.Popen([*argv, *server], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert editor.stdout is not None
        try:
            assert editor.stdout.readline() == b"ready\n", name
            _until(lambda: len(_noted(home)) >= moment.programs, f"no programs: {name}")
            time.sleep(chance.uniform(0, moment.within_s))
            below = self._below(editor.pid)
            victims = [editor.pid] if who != SERVER_DIES else []
            victims += [pid for pid, parent in below.items() if parent == editor.pid] if who != EDITOR_DIES else []
            cpu_s = sum(map(_cpu_s, [editor.pid, *below]))
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
            return self._look(Death(name, who, (), 0.0, cpu_s), number, home, set(below), editor.pid)
        finally:
            editor.kill()
            editor.wait()
            editor.stdout.close()

    def _look(self, death: Death, number: int, home: Path, below: set[int], editor: int) -> Death:
        began = time.monotonic()
        while True:
            marked = self._marked(number) - {editor}
            left = [pid for pid in below | marked | set(_noted(home)) if _runs(pid)]
            after_s = time.monotonic() - began
            if not left or after_s > self._left_after_s:
                named = tuple(sorted(map(_command, left)))
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                return death._replace(left=named, after_s=after_s)
            time.sleep(0.1)

    def _outsiders(self) -> set[int]:
        return set(map(int, self._holders.read_text().split())) if self._holders.exists() else set()

    def _below(self, root: int) -> dict[int, int]:
        """The processes below one, each with its parent, without the outsiders."""
        parents = {pid: _parent(pid) for pid in _processes()}
        found, added = {}, {root}
        while added:
            added = {pid for pid, parent in parents.items() if parent in added}
            found |= {pid: parents[pid] for pid in added}
        return {pid: parent for pid, parent in found.items() if pid not in self._outsiders()}

    def _marked(self, number: int) -> set[int]:
        mark = f"{VARIABLE}={self._mark}-{number}-".encode()
        found: set[int] = set()
        for pid in _processes():
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes():
                    found.add(pid)
        return found - self._outsiders()

    def _environment(self, home: Path, notes: Path) -> dict[str, str]:
        for name in ("config", "data", "runtime", "models", "served"):
            (home / name).mkdir(parents=True, mode=0o700)
        folder = fake_agents.installed(
            home / "prefix", "@google/gemini-cli", "gemini", "silent", "ignores-all", "child", "gets-away",
            f"pids={home}/agents",
        )  # fmt: skip
        local_models.gguf(home / "models/tiny.gguf")
        words = child_programs.command(notes, "child", "escapes", "daemon", "deaf")
        command = " ".join(words)
        (home / "aws").write_text(f"[default]\nregion = us-east-1\ncredential_process = {command}\n")
        identity = {
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "token_url": "http://127.0.0.1:9/token",
            "credential_source": {"executable": {"command": command, "timeout_millis": 120_000}},
        }
        (home / "google.json").write_text(json.dumps(identity))
        served = local_models.config(
            home / "models", home / "served", "--gate", str(home / "gate"), "--child", "--deaf"
        )
        (home / "config/config.toml").write_text(
            f'[providers.acme]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_command = {json.dumps(words)}\n'
            f'[providers.ollama]\nbase_url = "{self._upstream.url}"\n{served}'
        )
        return {
            "HOME": str(home),
            "PATH": f"{folder}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "MODELPORT_CONFIG_DIR": str(home / "config"),
            "MODELPORT_DATA_DIR": str(home / "data"),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "AWS_CONFIG_FILE": str(home / "aws"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "GOOGLE_APPLICATION_CREDENTIALS": str(home / "google.json"),
            "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1",
            "GOOGLE_CLOUD_PROJECT": "p",
            "GOOGLE_CLOUD_LOCATION": "global",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }

    def _answer(self, received: Received) -> Answer:
        if received.path == "/api/pull":
            return Answer(chunks=self._endless())
        return Answer(headers={"Content-Type": "application/json"}, chunks=[b'{"models": [], "version": "1"}'])

    def _endless(self) -> Iterator[bytes]:
        while not self._over.wait(0.05):
            yield b'{"status":"pulling aa","digest":"aa","total":2000000,"completed":500000}\n'


def _bytes(moment: Moment) -> bytes:
    data = b""
    for message in moment.messages:
        body = json.dumps(message)
        # A number of the same length takes its place in the editor.
        body = body.replace(
            f'"{"@" * 10}"', f"{None!s:>10}".replace("None", "null") if moment.without_pid else "@" * 10
        )
        data += f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    return data[: int(len(data) * moment.cut)]


def _noted(home: Path) -> list[int]:
    """The processes that the programs have noted."""
    noted = [*child_programs.pids(home / "notes"), *child_programs.pids(home / "agents")]
    return noted + [note[kind] for note in local_models.started(home / "served") for kind in ("pid", "child")]


def _until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_S
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _cpu_s(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _runs(pid: int) -> bool:
    fields = _fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    return " ".join(word.rpartition("/")[2] for word in words if word)[:60]


def deaths(count: int, seed: int, left_after_s: float = LEFT_AFTER_S, words: str = "") -> list[Death]:
    """So many deaths, a few at a time; each moment as often as any other, with any of those that can die."""
    chance = random.Random(seed)
    names = [name for name in MOMENTS if words in name]
    plan: list[tuple[str, str]] = []
    for number in range(count):
        name = names[number % len(names)]
        who = EDITOR_DIES if name in EARLY else chance.choice((EDITOR_DIES, EDITOR_DIES, SERVER_DIES, BOTH_DIE))
        plan.append((name, who))
    with tempfile.TemporaryDirectory(prefix="deaths-", ignore_cleanup_errors=True) as folder:
        deathbeds = Deathbeds(Path(folder), left_after_s)
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                chances = [random.Random(chance.random()) for _ in plan]
                return list(pool.map(lambda n: deathbeds.die(n, *plan[n], chances[n]), range(count)))
        finally:
            deathbeds.close()


def table(found: list[Death]) -> str:
    """The kill table."""
    lines = ["moment                       died    deaths  left  last gone  what was left"]
    for name, who in sorted(
        {(death.moment, death.who) for death in found}, key=lambda k: (list(MOMENTS).index(k[0]), k[1])
    ):
        these = [death for death in found if (death.moment, death.who) == (name, who)]
        left = sorted({what for death in these for what in death.left})
        some = sum(bool(death.left) for death in these)
        slowest = max(death.after_s for death in these)
        lines.append(f"{name:<28} {who:<7} {len(these):>6} {some:>5} {slowest:>8.1f} s  {'; '.join(left)}".rstrip())
    some = sum(bool(death.left) for death in found)
    return "\n".join([*lines, f"{len(found)} deaths, after {some} of which something was left"])


def main(arguments: list[str]) -> int:
    count, seed = int(arguments[0]) if arguments else 1000, int(arguments[1]) if arguments[1:] else 1
    began = time.monotonic()
    found = deaths(count, seed, words=arguments[2] if arguments[2:] else "")
    print(table(found))
    cpu_s = sum(death.cpu_s for death in found)
    print(f"{time.monotonic() - began:.0f} s, {cpu_s:.1f} s of processor time until the deaths")
    return int(any(death.left for death in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
