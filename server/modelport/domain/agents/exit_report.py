"""What it means that an agent has ended, went silent or never started: how it is told, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.observations import HandshakeResult

MOST_LINES = 50

_RETIRED = re.compile(
    r"(?i)\b(?:no longer (?:maintained|supported|available|developed)|end[- ]of[- ]life|discontinued|sunset"
    r"|has (?:been )?(?:moved|renamed|replaced|superseded|retired|deprecated|archived)|superseded by|replaced by"
    r"|(?:package|project|command|cli) is deprecated|unmaintained)\b"
)
_USAGE = re.compile(
    r"(?i)\b(?:(?:unknown|unrecognized|unrecognised|unexpected|invalid|illegal|unsupported|no such|undefined)"
    r" (?:long |short )?(?:option|argument|arguments|flag|flags|options|command|subcommand|parameter|switch)"
    r"|flag provided but not defined|did not recognize|too many arguments)\b|^\s*usage:"
)
_WARNING = re.compile(r"(?i)deprecationwarning|futurewarning|\(node:\d+\)|--[\w-]+ (?:is|has been) deprecated|npm warn")
_ERROR = re.compile(r"(?i)\b\w*(?:error|exception)\b|\bcannot\b|\bnot found\b|\bno such\b|\bfailed\b|\bfatal\b|\bpanic")
# Where in a program's own code it went wrong.
_TRACE = re.compile(r"^\s*(?:at |File \"|\^+\s*$|Node\.js v\d|Traceback \(most|throw )")


class ExitReport(Struct, frozen=True):
    """How a program ended, and what it said, raw."""

    code: int | None
    """Its exit code, or the negative number of a signal; None where it did not end by itself."""
    printed: Sequence[str] = ()
    """Its lines on standard output that are not the protocol, the last ones."""
    errors: Sequence[str] = ()
    """Its last lines on standard error."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of its words."""
        return (*self.printed, *self.errors)


def is_usage_error(ending: ExitReport) -> bool:
    """Whether a program has ended since it does not know its arguments."""
    return ending.code is not None and any(_USAGE.search(line) for line in ending.lines)


def ended(ending: ExitReport, censor: Censor) -> HandshakeResult:
    """A program that ended before it answered."""
    notice = next((line for line in ending.lines if _RETIRED.search(line) and not _WARNING.search(line)), None)
    if ending.code == 0 and notice is not None:
        return HandshakeResult(status="stub", detail=f"It only says: {censor.text(notice)}")
    how = manner(ending)
    detail = _with_words(f"{how} before it answered", ending, censor)
    return HandshakeResult(status="broken", detail=detail)


def silent(ending: ExitReport, seconds: float, censor: Censor, *, strays: int = 0) -> HandshakeResult:
    """A program that did not answer in time. ``strays`` are answers to what was never asked."""
    head = f"It did not answer within {seconds:g} s"
    if strays:
        head = f"{head}, but for {strays} answers to something else"
    return HandshakeResult(status="hung", detail=_with_words(head, ending, censor))


def mute(ending: ExitReport, censor: Censor) -> HandshakeResult:
    """A program that closed its output and went on."""
    detail = _with_words("It closed its output without answering", ending, censor)
    return HandshakeResult(status="broken", detail=detail)


def overflowing(how_much: str) -> HandshakeResult:
    """A program that writes and writes."""
    return HandshakeResult(status="broken", detail=f"It wrote {how_much} without answering.")


def without_session(ending: ExitReport, censor: Censor) -> str:
    """A program that answered, and ended when it was asked for a session."""
    return _with_words(f"{manner(ending)} when it was asked for a session", ending, censor)


def manner(ending: ExitReport) -> str:
    """How it ended, as the beginning of a sentence."""
    if ending.code is None:
        return "It ended"
    return f"It ended with exit code {ending.code}" if ending.code >= 0 else f"Signal {-ending.code} ended it"


def tail(ending: ExitReport, censor: Censor) -> tuple[str, ...] | None:
    """Its last lines on standard error, fit to be shown; None where there are none."""
    shown = [line for raw in ending.errors[-MOST_LINES:] if (line := censor.text(raw))]
    return tuple(shown) or None


def _with_words(head: str, ending: ExitReport, censor: Censor) -> str:
    words = censor.text(_telling(ending.errors) or _telling(ending.printed) or "")
    return f"{head}: {words}" if words else f"{head}, and said nothing."


def _telling(lines: Iterable[str]) -> str | None:
    """The line that says what went wrong: the last that speaks of an error, else the last, traces aside."""
    plain = [line for line in lines if line.strip() and not _TRACE.match(line)]
    return next((line for line in reversed(plain) if _ERROR.search(line)), plain[-1] if plain else None)
