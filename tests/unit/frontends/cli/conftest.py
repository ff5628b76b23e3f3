"""The command line in this process, over a keyring in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click.testing
import pytest

from modelport.frontends.cli.main import modelport
from support.file_keyring import used_keyring

Run = Callable[..., click.testing.Result]


@pytest.fixture
def entries(tmp_path: Path) -> Iterator[Path]:
    """The file of a keyring."""
    with used_keyring(tmp_path / "keyring.json") as file:
        yield file


@pytest.fixture
def run(entries: Path) -> Run:
    """Runs ``modelport`` with these arguments."""

    def invoke(*arguments: str, input: str | bytes | None = None) -> click.testing.Result:
        result = click.testing.CliRunner().invoke(modelport, list(arguments), input=input)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke
