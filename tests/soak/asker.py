"""One editor of a soak of failover: it names chains of models, cancels, and has its server killed now and then."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fuzz.hermetic import said_badly
from soak.books import PROVIDERS
from soak.faults import whole_text
from support.server_process import Ended, ServerProcess

AT_ONCE = 6
ANSWER_S = 60.0
LIMIT_MS = 20_000
TOOLS = [{"name": "look", "parameters": {"type": "object"}}]
ROLES = (None, None, "agent", "inline")


@dataclass
class Outcome:
    """A request, and everything that was told of it."""

    tag: str
    first_of_server: bool = False
    """Whether it is among the first requests of its server."""
    kind: str = "lost"
    """answered, failed, cancelled, or lost with its server."""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The calls of ``usage/updated``."""
    text: str = ""
    """That of the updates from the last reset on."""
    resets: int = 0
    committed_failures: int = 0
    """How many attempts were told to have failed when text had come."""


class Asker:
    """Asks until it is told to stop. A ``steady`` one keeps its server."""

    def __init__(self, number: int, variables: Mapping[str, str], models: int, seed: int) -> None:
        self.outcomes: list[Outcome] = []
        self.mistakes: list[str] = []
        self.variables = dict(variables)
        self.started = self.killed = 0
        self._number = number
        self._models = models
        self._chance = Random(f"{seed}.{number}")
        self._asked = 0
        self._waiting: dict[Any, Outcome] = {}

    def run(self, is_over: Callable[[], bool]) -> None:
        """Runs sessions; a mistake of the test's own is one of the soak's."""
        try:
            self._session(is_over)
            while not is_over():
                self._session(is_over)
        except Exception as error:
            self.mistakes.append(f"client {self._number}: {error!r:.500}")

    def _session(self, is_over: Callable[[], bool]) -> None:
        chance, steady = self._chance, self._number % 2 == 0
        kills = not steady and chance.random() < 0.3
        rounds = 10**9 if steady else chance.randint(1, 8)
        server = ServerProcess(env=self.variables)
        self.started += 1
        try:
            server.initialize(processId=os.getpid(), clientInfo={"name": f"editor {self._number}"})
            for number in range(rounds):
                if number and is_over():
                    break
                self._round(server, first=number == 0, kills=kills and number == rounds - 1)
            if not kills:
                assert server.request("shutdown")["result"] is None
                server.notify("exit")
                server.process.wait(ANSWER_S)
        finally:
            server.kill()
            self._waiting.clear()
            self.mistakes += server.exchange.mistakes
            self.mistakes += said_badly(server.stderr)

    def _round(self, server: ServerProcess, *, first: bool, kills: bool) -> None:
        for _ in range(AT_ONCE):
            self._begin(server, first=first)
        kill_at = self._chance.randint(1, AT_ONCE) if kills else 0
        while self._waiting:
            if len(self._waiting) <= kill_at:
                server.process.kill()
                self.killed += 1
                kill_at = -1
            elif self._chance.random() < 0.004:
                server.notify("$/cancelRequest", {"id": self._chance.choice(list(self._waiting))})
            try:
                self._received(server.take(lambda _: True, ANSWER_S))
            except (Ended, AssertionError):
                # The last frame of a server that was killed may be cut.
                if not kills:
                    raise
                return

    def _begin(self, server: ServerProcess, *, first: bool) -> None:
        chance = self._chance
        self._asked += 1
        role = chance.choice(ROLES)
        tag = f"{self._number}-{self._asked}-{role or 'chat'}"
        outcome = Outcome(tag, first_of_server=first)
        self.outcomes.append(outcome)
        self._waiting[tag] = outcome
        chain = [f"{name}/m{chance.randrange(self._models)}" for name in chance.sample(PROVIDERS, chance.randint(1, 4))]
        if chance.random() < 0.1:
            chain.insert(chance.randrange(len(chain) + 1), "closed/x")
        params: dict[str, Any] = {"model": chain[0], "fallbacks": chain[1:], "prompt": f"TAG {tag}", "streamId": tag}
        if chance.random() < 0.5:
            params["timeoutMs"] = LIMIT_MS
        if chance.random() < 0.5:
            params["tools"] = TOOLS
        if role is not None:
            params["role"] = role
        server.begin("completion/create", params, id=tag)

    def _received(self, message: dict[str, Any]) -> None:
        match message.get("method"):
            case "completion/update":
                params = message["params"]
                self._updated(self._waiting.get(params["streamId"]), params["update"], message)
            case "usage/updated":
                params = message["params"]
                if (outcome := self._waiting.get(params.get("streamId"))) is None:
                    self.mistakes.append(f"a call of no request that waits: {message!r:.300}")
                else:
                    outcome.calls.append(params["call"])
            case None:
                if (outcome := self._waiting.pop(message["id"], None)) is None:
                    self.mistakes.append(f"an answer that nothing waits for: {message!r:.300}")
                else:
                    self._answered(outcome, message)
            case _:
                pass

    def _updated(self, outcome: Outcome | None, update: dict[str, Any], message: dict[str, Any]) -> None:
        if outcome is None:
            self.mistakes.append(f"an update after the reply: {message!r:.300}")
        elif update["kind"] == "text":
            outcome.text += update["text"]
        elif update["kind"] == "reset":
            outcome.text = ""
            outcome.resets += 1
        elif update["kind"] == "attempt":
            outcome.committed_failures += bool(outcome.text)

    def _answered(self, outcome: Outcome, message: dict[str, Any]) -> None:
        if "result" in message:
            outcome.kind = "answered"
            outcome.attempts = message["result"]["attempts"]
            text = message["result"]["text"]
            whole = whole_text(outcome.tag)
            self._must(text == outcome.text, f"{outcome.tag}: the updates are {outcome.text!r}, the reply {text!r}")
            # A filter ends an answer wherever it is.
            reason = message["result"]["finishReason"]
            fits = whole.startswith(text) if reason == "contentFilter" else text == whole
            self._must(fits, f"{outcome.tag}: the text is {text!r}, not {whole!r} ({reason})")
            return
        error = message["error"]
        data = error.get("data", {})
        if error["code"] == -32800:
            outcome.kind = "cancelled"
            return
        outcome.kind = "failed"
        outcome.attempts = data.get("attempts", [])
        self._must(error["code"] != -32603, f"{outcome.tag}: a bug: {error}")
        self._must(bool(outcome.attempts), f"{outcome.tag}: an error without attempts: {error!r:.300}")
        told = data.get("text") or ""
        self._must(told == outcome.text, f"{outcome.tag}: updates {outcome.text!r}, the error {told!r}: {error!r:.300}")

    def _must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.mistakes.append(sentence)
