"""The command line in this process, over a keyring in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click.testing
import keyring
import pytest

from modelport.frontends.cli.main import modelport
from support.file_keyring import FileKeyring

Run = Callable[..., click.testing.Result]


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file the keyring's entries are in."""
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield tmp_path / "keyring.json"
    keyring.set_keyring(before)


@pytest.fixture
def run(entries: Path) -> Run:
    """Runs ``modelport`` with these arguments."""

    def invoke(*arguments: str, input: str | None = None) -> click.testing.Result:
        result = click.testing.CliRunner().invoke(modelport, list(arguments), input=input)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke
