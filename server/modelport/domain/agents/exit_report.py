"""Results for agents that ended, timed out or closed their output before they answered, from their last output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult

MAX_TAIL_LINES = 50

# Texts, which are compiled for the first program that fails.
_RETIRED = (
    r"(?i)\b(?:no longer (?:maintained|supported|available|developed)|end[- ]of[- ]life|discontinued|sunset"
    r"|has (?:been )?(?:moved|renamed|replaced|superseded|retired|deprecated|archived)|superseded by|replaced by"
    r"|(?:package|project|command|cli) is deprecated|unmaintained)\b"
)
_USAGE = (
    r"(?i)\b(?:(?:unknown|unrecognized|unrecognised|unexpected|invalid|illegal|unsupported|no such|undefined)"
    r" (?:long |short )?(?:option|argument|arguments|flag|flags|options|command|subcommand|parameter|switch)"
    r"|flag provided but not defined|did not recognize|too many arguments)\b|^\s*usage:"
)
_WARNING = r"(?i)deprecationwarning|futurewarning|\(node:\d+\)|--[\w-]+ (?:is|has been) deprecated|npm warn"
_ERROR = r"(?i)\b\w*(?:error|exception)\b|\bcannot\b|\bnot found\b|\bno such\b|\bfailed\b|\bfatal\b|\bpanic"
# Lines of a stack trace.
_TRACE = r"^\s*(?:at |File \"|\^+\s*$|Node\.js v\d|Traceback \(most|throw )"


class ExitReport(Struct, frozen=True):
    """The exit code of a program and its last output, raw."""

    code: int | None
    """Its exit code, or the negative number of a signal; None where it did not end by itself."""
    printed: Sequence[str] = ()
    """The last lines of noise on standard output."""
    errors: Sequence[str] = ()
    """The last lines on standard error."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Both."""
        return (*self.printed, *self.errors)


def is_usage_error(report: ExitReport) -> bool:
    """Whether a program has ended because it does not support its arguments."""
    return report.code is not None and any(re.search(_USAGE, line) for line in report.lines)


def ended(report: ExitReport, censor: Censor) -> HandshakeResult:
    """The result for a program that ended before it answered."""
    notice = next((line for line in report.lines if re.search(_RETIRED, line) and not re.search(_WARNING, line)), None)
    if report.code == 0 and notice is not None:
        return HandshakeResult(status="stub", detail=f"It only prints: {censor.text(notice)}")
    how = manner(report)
    detail = _with_reason(f"{how} before it answered", report, censor)
    return HandshakeResult(status="broken", detail=detail)


def timed_out(report: ExitReport, timeout_s: float, censor: Censor, *, unmatched_responses: int = 0) -> HandshakeResult:
    """The result for a program that did not answer in time; ``unmatched_responses`` answered no request."""
    head = f"It did not answer within {timeout_s:g} s"
    if unmatched_responses:
        head = f"{head}, apart from {unmatched_responses} answers to no request"
    return HandshakeResult(status="hung", detail=_with_reason(head, report, censor))


def closed_output(report: ExitReport, censor: Censor) -> HandshakeResult:
    """The result for a program that closed its output and kept running."""
    detail = _with_reason("It closed its output without answering", report, censor)
    return HandshakeResult(status="broken", detail=detail)


def wrote_too_much(how_much: str) -> HandshakeResult:
    """The result for a program that wrote more than the limit."""
    return HandshakeResult(status="broken", detail=f"It wrote {how_much} without answering.")


def without_session(report: ExitReport, censor: Censor) -> str:
    """The detail for a program that answered, and ended when a session was requested."""
    return _with_reason(f"{manner(report)} when a session was requested", report, censor)


def manner(report: ExitReport) -> str:
    """How a program ended, as the beginning of a sentence."""
    if report.code is None:
        return "It ended"
    return f"It ended with exit code {report.code}" if report.code >= 0 else f"Signal {-report.code} ended it"


def tail(report: ExitReport, censor: Censor) -> tuple[str, ...] | None:
    """The last lines on standard error, cleaned; None where there are none."""
    shown = [line for raw in report.errors[-MAX_TAIL_LINES:] if (line := censor.text(raw))]
    return tuple(shown) or None


def _with_reason(head: str, report: ExitReport, censor: Censor) -> str:
    words = censor.text(_reason(report.errors) or _reason(report.printed) or "")
    return f"{head}: {words}" if words else f"{head}, and wrote nothing."


def _reason(lines: Iterable[str]) -> str | None:
    """The line with the reason: the last one with an error, else the last one; stack traces are skipped."""
    plain = [line for line in lines if line.strip() and not re.match(_TRACE, line)]
    return next((line for line in reversed(plain) if re.search(_ERROR, line)), plain[-1] if plain else None)
