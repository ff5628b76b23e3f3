"""One conversation with an agent, from its start to the end of everything it started. It blocks: give it a thread."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from modelport.adapters.agents.handshakes.empty_folder import empty_folder
from modelport.adapters.agents.handshakes.process import AgentProcess, StopReason
from modelport.adapters.system.timestamps import now
from modelport.domain.agents import exit_report as endings
from modelport.domain.agents import handshake
from modelport.domain.agents.cleaning import Censor, secrets_of
from modelport.domain.agents.observations import HandshakeResult, Launch
from modelport.protocol.initialize import VERSION

GRACE_S = 2.0
"""How long an agent may take to end by itself, and again when it was asked to."""
GOODBYE_S = 2.0
"""How long it may take to close a session."""
MOST_REQUESTS = 32
"""Requests of an agent's that are answered."""
SHORTEST_S = 1.0
"""What is left for a second try."""


class Limits(Struct, frozen=True, kw_only=True):
    """How long things may take."""

    answer_s: float
    """Until it answers its first request, its start included; and again until it has opened a session."""
    grace_s: float = GRACE_S


class HandshakeOutcome(Struct, kw_only=True):
    """What came of one start."""

    over: StopReason | None = None
    """Why there was no answer to the last request; None also where the time was over."""
    verdict: HandshakeResult | None = None
    latency_ms: float | None = None
    strays: int = 0


class Handshake:
    """Starts an agent, asks it, and ends it."""

    def __init__(
        self, launch: Launch, environment: Mapping[str, str], folder: Path, limits: Limits, *, session: bool
    ) -> None:
        self._launch = launch
        self._variables = {**environment, **launch.env}
        self._folder = folder
        self._limits = limits
        self._session = session
        self._home = environment.get("HOME") or environment.get("USERPROFILE") or ""
        self._lock = threading.Lock()
        self._process: AgentProcess | None = None
        self._stopped = False
        self._requests = 0

    def run(self) -> HandshakeResult:
        """What came of it. Whoever does not know the spelling of the arguments gets the older one."""
        started = time.monotonic()
        verdict, usage = self._try(self._launch.argv, self._limits.answer_s)
        older = self._launch.older_argv
        if older is None or not usage or self._stopped:
            return verdict
        left = max(SHORTEST_S, self._limits.answer_s - (time.monotonic() - started))
        second, _ = self._try(older, left)
        return msgspec.structs.replace(second, argv=older) if second.verified_at else verdict

    def stop(self) -> None:
        """Makes ``run`` end soon, and the agent with it; what it returns then means nothing."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.stop()

    def _try(self, argv: Sequence[str], answer_s: float) -> tuple[HandshakeResult, bool]:
        """What came of one command line, and whether it was refused for its arguments."""
        censor = Censor(secrets_of(self._variables, argv, self._launch.keys), self._home)
        try:
            with empty_folder(self._folder) as cwd:
                return self._talk(argv, cwd, answer_s, censor)
        except OSError as error:
            why = f"Not tried, since no empty folder could be made for it: {error.strerror or error}"
            return HandshakeResult(status="unknown", detail=censor.text(why)), False

    def _talk(self, argv: Sequence[str], cwd: str, answer_s: float, censor: Censor) -> tuple[HandshakeResult, bool]:
        started = time.monotonic()
        try:
            process = AgentProcess(argv, self._environment(cwd), cwd)
        except (OSError, ValueError) as error:
            return HandshakeResult(status="broken", detail=censor.text(why_not_started(error, argv[0]))), False
        with self._lock:
            self._process = process
            if self._stopped:
                process.stop()
        heard = HandshakeOutcome()
        try:
            self._ask(process, heard, started, cwd, answer_s, censor)
        finally:
            clean = process.finish(self._limits.grace_s)
        ending = process.ending()
        verdict = heard.verdict or _unanswered(heard, process, clean is None, answer_s, censor)
        if heard.verdict and heard.over:
            lost = endings.without_session(ending, censor)
            verdict = msgspec.structs.replace(verdict, status="not_configured", detail=lost)
        answered = verdict.status in ("ready", "auth_required", "not_configured")
        usage = heard.verdict is None and clean is None and endings.is_usage_error(ending)
        return msgspec.structs.replace(
            verdict,
            verified_at=now() if answered else None,
            latency_ms=heard.latency_ms if answered else None,
            stdout_noise=process.output.noise,
            stderr_tail=None if answered else endings.tail(ending, censor),
            exits_cleanly=clean if heard.verdict else None,
        ), usage

    def _environment(self, cwd: str) -> dict[str, str]:
        # Programs believe this one before they ask the system, and it names the folder that we are in.
        moved = {"PWD": cwd} if "PWD" in self._variables else {}
        return {name: value for name, value in self._variables.items() if name != "OLDPWD"} | moved

    def _ask(
        self, process: AgentProcess, heard: HandshakeOutcome, started: float, cwd: str, answer_s: float, censor: Censor
    ) -> None:
        process.send(handshake.initialize(VERSION))
        answer = self._answer(process, handshake.INITIALIZE, started + answer_s, heard)
        if not isinstance(answer, dict):
            heard.over = answer
            return
        heard.latency_ms = round((time.monotonic() - started) * 1000, 1)
        heard.verdict = handshake.initialized(answer, censor)
        if not self._session or heard.verdict.status != "ready":
            return
        process.send(handshake.new_session(cwd))
        answer = self._answer(process, handshake.NEW_SESSION, time.monotonic() + self._limits.answer_s, heard)
        if not isinstance(answer, dict):
            late = f"It did not say within {self._limits.answer_s:g} s whether it opens a session."
            heard.verdict = msgspec.structs.replace(heard.verdict, detail=late)
            heard.over = answer
            return
        heard.verdict = handshake.session_opened(heard.verdict, answer, censor)
        goodbye = time.monotonic() + GOODBYE_S
        for request in handshake.end_session(answer, heard.verdict.capabilities):
            process.send(request)
            self._answer(process, request["id"], goodbye, heard)

    def _answer(
        self, process: AgentProcess, asked: int, deadline: float, heard: HandshakeOutcome
    ) -> dict[str, object] | StopReason | None:
        """The answer to a request of ours; meanwhile whatever the agent asks for is refused."""
        while True:
            message = process.receive(deadline - time.monotonic())
            if not isinstance(message, dict) or handshake.is_answer(message, asked):
                return message
            refusal = handshake.not_offered(message)
            if refusal is not None and self._requests < MOST_REQUESTS:
                self._requests += 1
                process.send(refusal)
            elif "method" not in message:
                heard.strays += 1
            if deadline < time.monotonic():
                return None


def _unanswered(
    heard: HandshakeOutcome,
    process: AgentProcess,
    ended: bool,  # noqa: FBT001
    answer_s: float,
    censor: Censor,
) -> HandshakeResult:
    ending = process.ending()
    if heard.over is StopReason.TOO_MUCH and process.output.too_much:
        return endings.overflowing(process.output.too_much)
    if heard.over is StopReason.CLOSED:
        return endings.ended(ending, censor) if ended else endings.mute(ending, censor)
    return endings.silent(ending, answer_s, censor, strays=heard.strays)


def why_not_started(error: OSError | ValueError, program: str) -> str:
    """Why a program did not start, and what to do about it."""
    if not isinstance(error, OSError):
        return f"It cannot be started so: {error}."
    if error.errno == errno.ENOENT:
        if os.path.exists(program):  # noqa: PTH110  the program is a text
            return f"{program} needs an interpreter that is not here: install what its first line names."
        return f"{program} is not there any more: install it again."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{program} must not be run by this user: see its permissions (chmod +x)."
    if error.errno == errno.ENOEXEC:
        return f"{program} is no program for this machine, or a script without a first line that names its interpreter."
    return f"{program} could not be started: {error.strerror or error}."
