"""One client of a soak: it starts servers, asks, cancels, reads slowly, and ends them in every way."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from fuzz.hermetic import said_badly
from soak.provider import BEHAVIOURS, HANG_MS, WORDS, drawn
from support.server_process import Ended, ServerProcess

ANSWER_S = 60.0
LIMIT_MS = 20_000


class Tally:
    """What a client has asked and got; a model's name tells one completion from all others."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.recorded: dict[str, str] = {}
        """Completions that were answered after they had reached the provider: each must be in the ledger once. With their outcomes."""
        self.unknown: set[str] = set()
        """Those whose server was killed, or told to exit, before it answered: they may be there, once."""
        self.cancelled: set[str] = set()
        """Those that were cancelled: if they have reached the provider, they must be there."""
        self.mistakes: list[str] = []


class Worker:
    """Runs sessions one after the other until it is told to stop. A ``steady`` one keeps its server for the whole soak."""

    def __init__(self, number: int, url: str, variables: Mapping[str, str], streams: int, seed: int) -> None:
        self.tally = Tally()
        self.server: ServerProcess | None = None
        self.steady = number < 2
        self._number = number
        self._url = url
        self._variables = dict(variables)
        self._streams = streams
        self._chance = Random(f"{seed}.{number}")
        self._asked = 0

    def run(self, is_over: Callable[[], bool]) -> None:
        """Runs sessions; a mistake of the test's own is one of the soak's."""
        try:
            self._session(is_over)
            while not is_over():
                self._session(is_over)
        except Exception as error:
            self.tally.mistakes.append(f"client {self._number}: {error!r:.500}")

    def _session(self, is_over: Callable[[], bool]) -> None:
        reads_slowly = not self.steady and self._chance.random() < 0.2
        server = self.server = ServerProcess(env=self._variables, read=not reads_slowly)
        self.tally.outcomes["servers started"] += 1
        try:
            if reads_slowly:
                self._unread(server)
            else:
                server.initialize()
            self._connect(server)
            rounds = 10**9 if self.steady else self._chance.randint(1, 6)
            for number in range(rounds):
                if number and is_over():
                    break
                if not self._round(server):
                    return
            self._ended(server)
        finally:
            server.kill()
            self.tally.mistakes += server.exchange.mistakes
            self.tally.mistakes += said_badly(server.stderr)

    def _unread(self, server: ServerProcess) -> None:
        """Asks for much and reads nothing for a while."""
        server.begin("initialize", {"processId": None, "capabilities": {}}, id="first")
        for number in range(20):
            server.begin("completion/create", {"model": "mock/mock:words=2000", "prompt": "x", "streamId": f"u{number}"}, id=f"u{number}")  # fmt: skip
        time.sleep(self._chance.uniform(0.5, 2))
        server.start_reading()
        server.reply("first", ANSWER_S)
        for number in range(20):
            server.reply(f"u{number}", ANSWER_S)
        server.unclaimed.clear()
        self.tally.outcomes["answers read late"] += 20

    def _connect(self, server: ServerProcess) -> None:
        for name in BEHAVIOURS:
            limit = {"timeoutMs": HANG_MS} if name == "hang" else {}
            server.result("provider/connect", {"provider": "openai-compatible", "name": name, "model": "m", "apiKey": "key-0123456789", "baseUrl": f"{self._url}/{name}", "verify": False, **limit})  # fmt: skip

    def _round(self, server: ServerProcess) -> bool:
        """Streams at once, some of them cancelled; False where the server was killed in the middle."""
        chance = self._chance
        waiting = dict(self._begin(server) for _ in range(self._streams))
        texts: defaultdict[str, list[str]] = defaultdict(list)
        killed_at = chance.randint(1, len(waiting)) if not self.steady and chance.random() < 0.15 else 0
        kills = killed_at > 0
        if chance.random() < 0.2:
            self._aside(server)
        while waiting:
            if len(waiting) <= killed_at:
                server.process.kill()
                self.tally.outcomes["servers killed"] += 1
                killed_at = 0
            elif not kills and chance.random() < 0.02:
                server.notify("$/cancelRequest", {"id": chance.choice(list(waiting))})
            try:
                self._received(server.take(lambda _: True, ANSWER_S), waiting, texts)
            except (Ended, AssertionError):
                # The last frame of a server that was killed may be cut.
                if not kills:
                    raise
                self.tally.unknown.update(model for model, _ in waiting.values())
                self.tally.outcomes["lost with their server"] += len(waiting)
                return False
        # All answers may have come before it was killed.
        return not kills

    def _received(
        self, message: dict[str, Any], waiting: dict[Any, tuple[str, str]], texts: dict[str, list[str]]
    ) -> None:
        if message.get("method") == "completion/update":
            update = message["params"]["update"]
            if update["kind"] == "text":
                texts[message["params"]["streamId"]].append(update["text"])
        elif "method" not in message and message["id"] in waiting:
            self._answered(message, *waiting.pop(message["id"]), "".join(texts.pop(f"s{message['id']}", [])))
        elif "method" not in message and not str(message["id"]).startswith("aside"):
            self.tally.mistakes.append(f"an answer that nothing waits for: {message!r:.300}")

    def _begin(self, server: ServerProcess) -> tuple[int | str, tuple[str, str]]:
        self._asked += 1
        behaviour = drawn(self._chance)
        model = f"soak-{self._number}-{self._asked}"
        told = f"{self._number}.{self._asked}"
        server.begin("completion/create", {"model": f"{behaviour}/{model}", "prompt": "Hello", "streamId": f"s{told}", "timeoutMs": LIMIT_MS}, id=told)  # fmt: skip
        return told, (model, behaviour)

    def _aside(self, server: ServerProcess) -> None:
        """Other requests meanwhile."""
        method, params = self._chance.choice(_ASIDE)
        server.begin(method, params, id=f"aside{self._asked}.{method}")
        self.tally.outcomes["other requests"] += 1

    def _answered(self, message: dict[str, Any], model: str, behaviour: str, heard: str) -> None:
        if "error" in message:
            code, kind = message["error"]["code"], message["error"].get("data", {}).get("kind")
            self.tally.outcomes["cancelled" if code == -32800 else f"failed: {kind}"] += 1
            if code == -32800:
                self.tally.cancelled.add(model)
            else:
                self.tally.recorded[model] = f"{behaviour}: {kind}"
            if code == -32603:
                self.tally.mistakes.append(f"a bug: {message}")
            return
        self.tally.outcomes["answered"] += 1
        self.tally.recorded[model] = behaviour
        if message["result"]["text"] != heard or heard != WORDS.get(behaviour, heard):
            self.tally.mistakes.append(
                f"{behaviour}: another text than was sent: {message!r:.300} after {heard!r:.300}"
            )

    def _ended(self, server: ServerProcess) -> None:
        """Ends the server as a client does: politely, by closing its input, or with what is under way."""
        how = self._chance.randrange(3)
        if how == 0:
            server.request("shutdown")
            server.notify("exit")
        elif how == 1:
            server.close_input()
        else:
            waiting = dict(self._begin(server) for _ in range(3))
            server.notify("exit")
            self.tally.unknown.update(model for model, _ in waiting.values())
        server.process.wait(ANSWER_S)
        server._reader.join(ANSWER_S)
        self.tally.outcomes["servers ended"] += 1


_ASIDE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("usage/summary", {"groupBy": "provider"}),
    ("usage/history", {"limit": 20}),
    ("provider/status", {}),
    ("diagnostics/run", {}),
    ("agent/discover", {"level": "verify", "timeoutMs": 400}),
    ("completion/create", {"model": "llama-cpp/tiny", "prompt": "Hello", "timeoutMs": 10_000}),
    ("completion/create", {"prompt": 5}),
    ("nobody/here", {}),
)
