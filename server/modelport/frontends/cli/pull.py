"""``modelport pull``: download a model to a server on this machine."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from modelport.app.session import App
from modelport.domain.models.listing import PullProgress
from modelport.frontends.cli.running import with_app

TOLD_EVERY = 10
"""Percent between two lines where there is no terminal."""


@click.command(name="pull")
@click.argument("model")
@click.option("--provider", metavar="NAME", help="The server to download to, where MODEL does not name it.")
def command(model: str, provider: str | None) -> int:
    """Downloads MODEL, such as ollama/qwen3:8b, and shows how far it is. Ctrl-C stops it; it can go on later."""

    async def work(app: App) -> None:
        downloads = (await app.models.get()).downloads
        with _bar() if _on_a_terminal() else _lines() as tell:
            await downloads.pull(provider, model, tell)

    try:
        with_app(work)
    except KeyboardInterrupt:
        again = f"modelport pull {shlex.quote(model)}" + (f" --provider {shlex.quote(provider)}" if provider else "")
        click.echo(f"\nStopped. {again} goes on where it stopped.", err=True)
        return 130
    click.echo(f"{model} is ready.")
    return 0


def _on_a_terminal() -> bool:
    return sys.stdout.isatty()


@contextmanager
def _lines() -> Generator[Callable[[PullProgress], None]]:
    """A line per step, and per ten percent of it."""
    told: tuple[str, int] | None = None

    def tell(progress: PullProgress) -> None:
        nonlocal told
        step = (progress.status, (progress.percentage or 0) // TOLD_EVERY)
        if step != told:
            told = step
            percent = f" ({progress.percentage} %)" if progress.percentage is not None else ""
            click.echo(progress.words + percent)

    yield tell


@contextmanager
def _bar() -> Generator[Callable[[PullProgress], None]]:
    """A bar that fills, with the bytes, the speed and the time left."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ) as shown:
        task = shown.add_task("", total=None)

        def tell(progress: PullProgress) -> None:
            shown.update(
                task,
                description=progress.status[:40],
                completed=progress.completed_bytes,
                total=progress.total_bytes or None,
            )

        yield tell
