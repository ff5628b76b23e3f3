"""Prints an answer to the terminal as it arrives."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click

from modelport.domain.completions.listener import NullListener
from modelport.domain.terminal_text import TerminalText
from modelport.frontends.cli.output.printing import echo, print_json, print_message
from modelport.frontends.cli.output.terminal import DIM
from modelport.frontends.cli.output.words import in_commands
from modelport.protocol.types import BudgetStatus, Call, Completion, FinishReason, Usage

CUT_NOTES: Mapping[FinishReason, str] = {
    "length": "The answer is cut: it reached the model's output limit. Ask for less, or for the rest.",
    "contentFilter": "The answer is cut: the provider's filter ended it. Change the prompt.",
    "budget": "The answer is cut: it cost more than a budget has left. Raise the budget with modelport budget raise.",
}


class Terminal(NullListener):
    """Prints deltas: the answer to stdout, the reasoning dimmed to stderr when that is a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.takes_back = quiet or sys.stdout.isatty()
        """Whether an answer that broke off may begin again: a person sees that it does, a file does not."""
        self._thinking = False
        self._show_reasoning = not quiet and sys.stderr.isatty()
        self._parts: list[str] = []
        self._failed: list[str] = []
        self.unrecorded = False
        """Whether a call was not in the ledger when its answer ended."""
        self._answer = TerminalText() if sys.stdout.isatty() else None
        self._thought = TerminalText()

    def text(self, text: str) -> None:
        """Prints a delta of the answer."""
        self._report_failed()
        self._parts.append(text)
        if not self._quiet:
            self._end_thinking()
            # A file or another program gets the answer as it is.
            _write(text if self._answer is None else self._answer.feed(text))
            sys.stdout.flush()

    def reasoning(self, text: str) -> None:
        """Prints a delta of the reasoning."""
        self._report_failed()
        if self._show_reasoning:
            self._thinking = True
            self._think(self._thought.feed(text))

    def attempt(self, provider: str, model: str, reason: str) -> None:
        """Keeps a failed attempt, to be reported once another one has begun to answer: if all fail, the error does."""
        self._failed.append(f"{provider}/{model} failed ({in_commands(reason)}), so another attempt was made.")

    def reset(self) -> None:
        """Reports that the answer begins again; what was printed of it stays above."""
        self._parts.clear()
        if not self._quiet:
            self._end_thinking()
            self._end_answer()
            echo()
            echo("The answer broke off and begins again:", err=True)

    def warning(self, message: str) -> None:
        """Prints what should be mended."""
        echo(in_commands(message), err=True)

    def progress(self, message: str) -> None:
        """Prints what delays the answer, such as a model that is being loaded."""
        if not self._quiet and sys.stderr.isatty():
            echo(f"{message} ...", err=True, style=DIM)

    def recorded(self, call: Call, budgets: Sequence[BudgetStatus]) -> None:
        """Prints nothing: the completion holds the usage."""
        self.unrecorded = self.unrecorded or not call.id

    def stopped(self) -> None:
        """Ends the output after Ctrl-C; the part of the answer that was printed stays."""
        if self._quiet:
            print_json({"text": "".join(self._parts), "cancelled": True})
        else:
            self._end_thinking()
            self._end_answer()
            echo()
            echo("stopped", err=True)
        self._parts.clear()

    def finished(self, completion: Completion, *, show_calls: bool = True) -> None:
        """Ends the answer's line; prints whether it was cut, the tool calls, the model and the usage to stderr."""
        self._parts.clear()
        self._report_failed()
        if self._quiet:
            return
        self._end_thinking()
        self._end_answer()
        if not completion.text.endswith("\n") and (completion.text or not completion.tool_calls):
            echo()
        if note := CUT_NOTES.get(completion.finish_reason):
            echo(note, err=True)
        for sentence in completion.notes or ():
            print_message(sentence)
        for call in completion.tool_calls if show_calls else ():
            echo(f"wants to call {call.name}({call.arguments or call.arguments_text or ''})", err=True)
        echo(f"{completion.provider}/{completion.model} · {usage_line(completion.usage)}", err=True)

    def turn_ended(self, completion: Completion) -> None:
        """Prints the whole completion as JSON, where nothing of it was printed as it arrived."""
        if self._quiet:
            print_json(completion)

    def _report_failed(self) -> None:
        for sentence in self._failed:
            echo(sentence, err=True)
        self._failed.clear()

    def _think(self, text: str) -> None:
        if text:
            echo(text, nl=False, err=True, style=DIM)

    def _end_answer(self) -> None:
        if self._answer is not None:
            _write(self._answer.end())

    def _end_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            self._think(self._thought.end())
            echo("\n", err=True)


def _write(text: str) -> None:
    click.echo(text, nl=False)


def usage_line(usage: Usage) -> str:
    """Tokens, time and money of a call in one line."""
    about = "about " if usage.estimated else ""
    cached = f" ({usage.cache_read_tokens} cached)" if usage.cache_read_tokens else ""
    money = "price unknown" if usage.usd_micros is None else f"${usage.usd_micros / 1e6:.6f}".rstrip("0").rstrip(".")
    return (
        f"{about}{usage.input_tokens} tokens in{cached}, {usage.output_tokens} out"
        f" · {usage.latency_ms / 1000:.1f} s · {money}"
    )
