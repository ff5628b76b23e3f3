"""Asks the user on the terminal; Ctrl-C at a question leaves the terminal as it was."""

from __future__ import annotations

import sys

import click

from modelport.frontends.cli.exits.interrupts import interruptible
from modelport.frontends.cli.output.printing import confirm


def hidden(question: str) -> str:
    """The answer, which is not shown as it is typed."""
    with interruptible():
        return click.prompt(question, hide_input=True, err=True)


def agrees(question: str) -> bool:
    """Whether the user says yes; without a terminal there is no question, and the answer is no."""
    if not sys.stdin.isatty():
        return False
    with interruptible():
        return confirm(question)
