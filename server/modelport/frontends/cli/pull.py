"""``modelport pull``: downloads a model to a server on this machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager

import click

from modelport.app.session import App
from modelport.domain.models.listing import PullProgress
from modelport.domain.terminal_text import plain
from modelport.frontends.cli.exits.interrupts import INTERRUPTED
from modelport.frontends.cli.output.printing import echo
from modelport.frontends.cli.output.terminal import is_animated
from modelport.frontends.cli.running import with_app

STEP_PERCENT = 10
"""Percent between two progress lines where there is no terminal."""


@click.command(name="pull")
@click.argument("model")
@click.option("--provider", metavar="NAME", help="The server to download to, where MODEL does not name it.")
def command(model: str, provider: str | None) -> int:
    """Downloads MODEL, such as ollama/qwen3:8b, and shows the progress. Ctrl-C stops it; a second call resumes it."""

    async def work(app: App) -> None:
        downloads = (await app.models.get()).downloads
        with _bar() if _on_a_terminal() else _lines() as report:
            await downloads.pull(provider, model, report)

    try:
        with_app(work)
    except KeyboardInterrupt:
        again = f"modelport pull {shlex.quote(model)}" + (f" --provider {shlex.quote(provider)}" if provider else "")
        echo(f"\nStopped. To resume: {again}", err=True)
        return INTERRUPTED
    echo(f"{model} is ready.")
    return 0


def _on_a_terminal() -> bool:
    return is_animated(sys.stdout)


@contextmanager
def _lines() -> Generator[Callable[[PullProgress], None]]:
    """Prints a line per step, and per ten percent of it."""
    printed: tuple[str, int] | None = None

    def report(progress: PullProgress) -> None:
        nonlocal printed
        step = (progress.status, (progress.percentage or 0) // STEP_PERCENT)
        if step != printed:
            printed = step
            percent = f" ({progress.percentage} %)" if progress.percentage is not None else ""
            echo(progress.words + percent)

    yield report


@contextmanager
def _bar() -> Generator[Callable[[PullProgress], None]]:
    """Shows a progress bar with the bytes, the speed and the time left, once there is some progress."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    shown = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    task = shown.add_task("", total=None)
    with ExitStack() as stack:

        def report(progress: PullProgress) -> None:
            if not shown.live.is_started:
                # A server that is not there has none to show.
                stack.enter_context(shown)
            shown.update(
                task,
                description=plain(progress.status)[:40],
                completed=progress.completed_bytes,
                total=progress.total_bytes or None,
            )

        yield report
