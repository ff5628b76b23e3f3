"""The processes that are measured, and the provider they all call."""

from __future__ import annotations

import itertools
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from client import TIME_LIMIT_S, Client
from peers import openai_command
from processes import NotMeasurable
from report import FLOOR, OPENAI, TREE

HERE = Path(__file__).resolve().parent
NO_PROXY = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
NO_DOWNLOAD = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}


class Upstream:
    """The provider's process, and its events of stalled streams."""

    def __init__(self) -> None:
        command = [sys.executable, str(HERE / "upstream.py")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._rest = b""
        self._lines: list[str] = []
        port = self._line()
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def wait(self, word: str, count: int) -> list[int]:
        """The times of the next so many events of a kind; events of another kind are skipped."""
        times: list[int] = []
        while len(times) < count:
            kind, _, at_ns = self._line().split()
            if kind == word:
                times.append(int(at_ns))
        return times

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self) -> str:
        while not self._lines:
            output = self.process.stdout
            ready, _, _ = select.select([output], [], [], TIME_LIMIT_S)
            data = os.read(output.fileno(), 65536) if ready else b""
            if not data:
                raise NotMeasurable("the provider's process says nothing")
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines += [line.decode() for line in lines]
        return self._lines.pop(0)


class Subjects:
    """Starts what is measured. Each server of this tree gets a data folder of its own below ``folder``."""

    def __init__(self, folder: Path, peers: dict[str, list[str]], *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self._peers = {OPENAI: openai_command(), **peers}
        self._numbers = itertools.count(1)

    @property
    def peers(self) -> list[str]:
        """The names of the peers, in the order of the columns."""
        return list(self._peers)

    def rounds(self, usual: int) -> int:
        """How often each subject is measured."""
        return max(1, usual // 3) if self.quick else usual

    def tree(self, folder: Path | None = None) -> Client:
        """The server of the tree that this file stands in."""
        folder = folder or self.folder / f"data-{next(self._numbers)}"
        environment = {
            "MODELPORT_DATA_DIR": str(folder),
            "MODELPORT_CONFIG_DIR": str(folder),
            **self.runtime,
            **NO_PROXY,
        }
        return Client(tree_command(), environment)

    @property
    def runtime(self) -> dict[str, str]:
        """A folder for the servers' announcements, apart from this user's."""
        return {"XDG_RUNTIME_DIR": str(self.folder)}

    def floor(self) -> Client:
        """The hand-written server."""
        return Client([sys.executable, str(HERE / "floor_server.py")], {})

    def first_frame(self) -> Client:
        """The script that answers one frame."""
        return Client([sys.executable, str(HERE / "first_frame.py")], {})

    def peer(self, name: str, *, lazy: bool = False) -> Client:
        """A server over another library."""
        return Client([*self._peers[name], *(["--lazy"] if lazy else [])], {**NO_PROXY, **NO_DOWNLOAD})

    def start(self, name: str, *, lazy: bool = False) -> Client:
        """A subject by the name of its column; ``lazy`` makes a peer load its library on first use."""
        if name == TREE:
            return self.tree()
        return self.floor() if name == FLOOR else self.peer(name, lazy=lazy)

    @property
    def names(self) -> list[str]:
        """All columns."""
        return [TREE, FLOOR, *self.peers]

    @property
    def main(self) -> list[str]:
        """The columns that are always there."""
        return [TREE, FLOOR, OPENAI]

    def turns(self, names: Sequence[str], usual: int) -> Iterator[str]:
        """The subjects in turn, so that a noisy moment hits all of them."""
        return itertools.chain.from_iterable(itertools.repeat(names, self.rounds(usual)))


def tree_command() -> list[str]:
    """How an editor starts this tree's server."""
    script = Path(sys.executable).with_name("modelport")
    return [str(script), "serve"] if script.exists() else [sys.executable, "-m", "modelport", "serve"]


def settle(seconds: float) -> None:
    """Lets a process come to rest before it is looked at."""
    time.sleep(seconds)
