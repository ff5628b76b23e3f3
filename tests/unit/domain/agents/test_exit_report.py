"""Results for programs that have ended, timed out or are obsolete."""

from __future__ import annotations

import pytest

from modelport.domain.agents import exit_report
from modelport.domain.agents.cleaning import Censor
from modelport.domain.agents.exit_report import ExitReport
from support.builders import CANARY

CENSOR = Censor([CANARY], "/home/me")


@pytest.mark.parametrize(
    "line",
    [
        "error: unknown option '--acp'",
        "Unknown argument: acp",
        "Unknown arguments: experimental-acp, experimentalAcp",
        "error: unexpected argument '--acp' found",
        "fake: unrecognized option '--acp'",
        "fake: error: unrecognized arguments: --acp",
        "Error: No such option: --acp",
        "Error: No such command 'acp'.",
        "error: unrecognized subcommand 'acp'",
        'Error: unknown command "acp" for "fake"',
        "Error: unknown flag: --acp",
        "flag provided but not defined: -acp",
        "fake: illegal option -- acp",
        "Usage: fake [OPTIONS]",
    ],
)
def test_usage_errors(line: str) -> None:
    assert exit_report.is_usage_error(ExitReport(2, (), (line,)))
    assert exit_report.is_usage_error(ExitReport(1, (line,)))
    assert not exit_report.is_usage_error(ExitReport(None, (), (line,)))


@pytest.mark.parametrize(
    "line", ["Error: no API key", "ModuleNotFoundError: x", "", "the option was known", "disk usage: 3"]
)
def test_other_errors_are_not_about_usage(line: str) -> None:
    assert not exit_report.is_usage_error(ExitReport(1, (), (line,)))


@pytest.mark.parametrize(
    "line",
    [
        "kimi-cli is no longer maintained.",
        "This package has been renamed to @fake/agent",
        "fake has moved to other",
        "This package is deprecated, use other",
        "Fake reached end of life",
        "Fake CLI was discontinued",
        "superseded by other",
    ],
)
def test_a_stub_prints_that_it_is_obsolete(line: str) -> None:
    for report in (ExitReport(0, (line,)), ExitReport(0, (), ("first", line))):
        result = exit_report.ended(report, CENSOR)
        assert (result.status, result.detail) == ("stub", f"It only prints: {line}")
    assert exit_report.ended(ExitReport(1, (line,)), CENSOR).status == "broken"


@pytest.mark.parametrize(
    "line",
    [
        "(node:7) [DEP0040] DeprecationWarning: The package is deprecated.",
        "npm warn deprecated glob@7: no longer supported",
        "--experimental-acp has been deprecated",
        "hello",
    ],
)
def test_a_warning_makes_no_stub(line: str) -> None:
    assert exit_report.ended(ExitReport(0, (), (line,)), CENSOR).status == "broken"


@pytest.mark.parametrize(
    ("report", "detail"),
    [
        (ExitReport(1, (), ("Error: no disk", "more")), "It ended with exit code 1 before it answered: Error: no disk"),
        (ExitReport(-11), "Signal 11 ended it before it answered, and wrote nothing."),
        (ExitReport(0, ("<html>",), ()), "It ended with exit code 0 before it answered: <html>"),
        (ExitReport(1, ("out",), ("err",)), "It ended with exit code 1 before it answered: err"),
        (ExitReport(1, (), ("first", "last", " ")), "It ended with exit code 1 before it answered: last"),
        (ExitReport(1, (), (f"{CANARY} in /home/me/x",)), "It ended with exit code 1 before it answered: [redacted] in ~/x"),
        (
            ExitReport(1, (), ("file:///x.js:2", "SyntaxError: no export", "    at x.js:1", "", "Node.js v20.20.2")),
            "It ended with exit code 1 before it answered: SyntaxError: no export",
        ),
        (
            ExitReport(1, (), ("Traceback (most recent call last):", '  File "x.py", line 1', "ImportError: y")),
            "It ended with exit code 1 before it answered: ImportError: y",
        ),
        (ExitReport(127, (), ("env: 'node': No such file or directory",)),
         "It ended with exit code 127 before it answered: env: 'node': No such file or directory"),
    ],
)  # fmt: skip
def test_the_reason_is_the_line_with_the_error(report: ExitReport, detail: str) -> None:
    result = exit_report.ended(report, CENSOR)
    assert (result.status, result.detail) == ("broken", detail)


def test_the_tail_is_clean_and_short() -> None:
    report = ExitReport(None, (), (*(f"\x1b[31mline {n}" for n in range(100)), CANARY, "\x00", "/home/me/x"))

    tail = exit_report.tail(report, CENSOR)

    assert tail is not None
    assert len(tail) == 49
    assert tail[-3:] == ("line 99", "[redacted]", "~/x")
    assert exit_report.tail(ExitReport(1), CENSOR) is None


def test_a_timeout_names_its_length() -> None:
    assert (
        exit_report.timed_out(ExitReport(None), 15.0, CENSOR).detail
        == "It did not answer within 15 s, and wrote nothing."
    )
    assert (
        exit_report.timed_out(ExitReport(None, (), ("loading",)), 0.5, CENSOR).detail
        == "It did not answer within 0.5 s: loading"
    )


@pytest.mark.parametrize(
    ("errors", "end"),
    [((), ", and wrote nothing."), (("error: no key, not even " + CANARY,), ": error: no key, not even [redacted]")],
)
def test_a_program_that_only_closed_its_output_is_broken(errors: tuple[str, ...], end: str) -> None:
    result = exit_report.closed_output(ExitReport(None, (), errors), CENSOR)
    assert (result.status, result.detail) == ("broken", f"It closed its output without answering{end}")
