"""One handshake with an agent process, from its start to the end of every process it started.

It blocks: run it in a thread.
"""

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
from modelport.domain.agents import exit_report, handshake
from modelport.domain.agents.cleaning import Censor, secrets_of
from modelport.domain.agents.observations import HandshakeResult, Launch
from modelport.protocol.initialize import VERSION

GRACE_S = 2.0
"""How long an agent may take to exit after its input is closed, and again after SIGTERM."""
GOODBYE_S = 2.0
"""How long an agent may take to close a session."""
MAX_REQUESTS = 32
"""Requests from an agent that are answered; further ones are ignored."""
MIN_RETRY_S = 1.0
"""Time for the attempt with the older arguments, however long the first one took."""


class Limits(Struct, frozen=True, kw_only=True):
    """The timeouts of a handshake."""

    answer_s: float
    """For the answer to ``initialize``, the start included; and again for the answer to ``session/new``."""
    grace_s: float = GRACE_S


class HandshakeOutcome(Struct, kw_only=True):
    """What one start of an agent has yielded so far."""

    stop_reason: StopReason | None = None
    """Why the last request was not answered; None if it was answered, and after a timeout."""
    result: HandshakeResult | None = None
    latency_ms: float | None = None
    unmatched_responses: int = 0


class Handshake:
    """Starts an agent, sends the requests of the handshake, and ends it."""

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
        """The result. After a usage error the older spelling of the arguments is tried as well."""
        started = time.monotonic()
        result, usage = self._try(self._launch.argv, self._limits.answer_s)
        older = self._launch.older_argv
        if older is None or not usage or self._stopped:
            return result
        left = max(MIN_RETRY_S, self._limits.answer_s - (time.monotonic() - started))
        second, _ = self._try(older, left)
        return msgspec.structs.replace(second, argv=older) if second.verified_at else result

    def stop(self) -> None:
        """Makes ``run`` and the agent end soon; the result of ``run`` is meaningless then."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.stop()

    def _try(self, argv: Sequence[str], answer_s: float) -> tuple[HandshakeResult, bool]:
        """The result of one command line, and whether it ended with a usage error."""
        censor = Censor(secrets_of(self._variables, argv, self._launch.keys), self._home)
        try:
            with empty_folder(self._folder) as cwd:
                return self._run_once(argv, cwd, answer_s, censor)
        except OSError as error:
            why = f"Not tried, since no empty folder could be created for it: {error.strerror or error}"
            return HandshakeResult(status="unknown", detail=censor.text(why)), False

    def _run_once(self, argv: Sequence[str], cwd: str, answer_s: float, censor: Censor) -> tuple[HandshakeResult, bool]:
        started = time.monotonic()
        try:
            process = AgentProcess(argv, self._environment(cwd), cwd)
        except (OSError, ValueError) as error:
            return HandshakeResult(status="broken", detail=censor.text(why_not_started(error, argv[0]))), False
        with self._lock:
            self._process = process
            if self._stopped:
                process.stop()
        outcome = HandshakeOutcome()
        try:
            self._exchange(process, outcome, started, cwd, answer_s, censor)
        finally:
            clean = process.finish(self._limits.grace_s)
        report = process.exit_report()
        result = outcome.result or _unanswered(outcome, process, clean is None, answer_s, censor)
        if outcome.result and outcome.stop_reason:
            lost = exit_report.without_session(report, censor)
            result = msgspec.structs.replace(result, status="not_configured", detail=lost)
        answered = result.status in ("ready", "auth_required", "not_configured")
        usage = outcome.result is None and clean is None and exit_report.is_usage_error(report)
        return msgspec.structs.replace(
            result,
            verified_at=now() if answered else None,
            latency_ms=outcome.latency_ms if answered else None,
            stdout_noise=process.output.noise,
            stderr_tail=None if answered else exit_report.tail(report, censor),
            exits_cleanly=clean if outcome.result else None,
        ), usage

    def _environment(self, cwd: str) -> dict[str, str]:
        # Programs trust PWD before they query the system, and ours names the folder that this process is in.
        moved = {"PWD": cwd} if "PWD" in self._variables else {}
        return {name: value for name, value in self._variables.items() if name != "OLDPWD"} | moved

    def _exchange(
        self,
        process: AgentProcess,
        outcome: HandshakeOutcome,
        started: float,
        cwd: str,
        answer_s: float,
        censor: Censor,
    ) -> None:
        process.send(handshake.initialize(VERSION))
        answer = self._answer(process, handshake.INITIALIZE, started + answer_s, outcome)
        if not isinstance(answer, dict):
            outcome.stop_reason = answer
            return
        outcome.latency_ms = round((time.monotonic() - started) * 1000, 1)
        outcome.result = handshake.initialized(answer, censor)
        if not self._session or outcome.result.status != "ready":
            return
        process.send(handshake.new_session(cwd))
        answer = self._answer(process, handshake.NEW_SESSION, time.monotonic() + self._limits.answer_s, outcome)
        if not isinstance(answer, dict):
            late = f"It did not answer the request for a session within {self._limits.answer_s:g} s."
            outcome.result = msgspec.structs.replace(outcome.result, detail=late)
            outcome.stop_reason = answer
            return
        outcome.result = handshake.session_opened(outcome.result, answer, censor)
        goodbye = time.monotonic() + GOODBYE_S
        for request in handshake.end_session(answer, outcome.result.capabilities):
            process.send(request)
            self._answer(process, request["id"], goodbye, outcome)

    def _answer(
        self, process: AgentProcess, request_id: int, deadline: float, outcome: HandshakeOutcome
    ) -> dict[str, object] | StopReason | None:
        """The answer to the request with this id; requests from the agent are refused meanwhile."""
        while True:
            message = process.receive(deadline - time.monotonic())
            if not isinstance(message, dict) or handshake.is_answer(message, request_id):
                return message
            refusal = handshake.not_offered(message)
            if refusal is not None and self._requests < MAX_REQUESTS:
                self._requests += 1
                process.send(refusal)
            elif "method" not in message:
                outcome.unmatched_responses += 1
            if deadline < time.monotonic():
                return None


def _unanswered(
    outcome: HandshakeOutcome,
    process: AgentProcess,
    ended: bool,  # noqa: FBT001
    answer_s: float,
    censor: Censor,
) -> HandshakeResult:
    report = process.exit_report()
    if outcome.stop_reason is StopReason.TOO_MUCH and process.output.too_much:
        return exit_report.wrote_too_much(process.output.too_much)
    if outcome.stop_reason is StopReason.CLOSED:
        return exit_report.ended(report, censor) if ended else exit_report.closed_output(report, censor)
    return exit_report.timed_out(report, answer_s, censor, unmatched_responses=outcome.unmatched_responses)


def why_not_started(error: OSError | ValueError, program: str) -> str:
    """A sentence with why a program did not start, and what to do about it."""
    if not isinstance(error, OSError):
        return f"It cannot be started with this command line: {error}."
    if error.errno == errno.ENOENT:
        if os.path.exists(program):  # noqa: PTH110  the program is a text
            return f"{program} needs an interpreter that is not installed: install what its first line names."
        return f"{program} no longer exists: install it again."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{program} is not executable for this user: check its permissions (chmod +x)."
    if error.errno == errno.ENOEXEC:
        return (
            f"{program} is not a program for this machine, or a script without a first line that names its interpreter."
        )
    return f"{program} could not be started: {error.strerror or error}."
