"""Providers that are added to config.toml: what stands there stays byte for byte, and nothing broken is written."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.configuration.additions import LocalConfigurationTables
from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.domain.errors import RequestFailed
from support.shipped import shipped_rows

NEW: dict[str, dict[str, Any]] = {
    "acme": {"base_url": "https://acme.example/v1", "models": ["a", "b"], "headers": {"X-Team": "red"}},
    "my.corp": {"base_url": "https://corp.example"},
}
OLD = """\
# My settings.
default_model = "groq/llama"   # the fast one

[providers.groq]
timeout_s = 5.0    # seconds

# The last word.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def tables(file: Path) -> LocalConfigurationTables:
    return LocalConfigurationTables(file.parent, shipped_rows)


def test_a_new_file_holds_them_and_is_private(file: Path) -> None:
    assert tables(file).refusals(NEW) == {}
    assert tables(file).add(NEW, {"acme": 'From Zed: ~/a\nb"c'}) == str(file)
    assert tomllib.loads(file.read_text())["providers"] == NEW
    assert file.read_text().splitlines()[1].startswith("# From Zed: ~/a\\nb")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert LocalConfigurationFile(file.parent).read().problems == ()


@pytest.mark.parametrize("text", [OLD, OLD.rstrip(), OLD.replace("\n", "\r\n"), "", "\n", "[providers]\n", "providers.groq.timeout_s = 5\n"])  # fmt: skip
def test_what_stands_there_stays(file: Path, text: str) -> None:
    file.write_bytes(text.encode())
    assert tables(file).refusals(NEW) == {}
    tables(file).add(NEW, {})
    assert file.read_bytes().startswith(text.encode())
    there = tomllib.loads(text.replace("\r\n", "\n")).get("providers", {})
    assert tomllib.loads(file.read_text())["providers"] == {**there, **NEW}
    assert "\r\n" not in text or b"\n" not in file.read_bytes().replace(b"\r\n", b"")


def test_a_table_that_is_there_stays_whatever_its_name(file: Path) -> None:
    file.write_text('[providers.grok]\ntimeout_s = 5.0\n[providers.ACME]\nbase_url = "https://x.example"\n')
    refused = tables(file).refusals({"xai": {"timeout_s": 1.0}, **NEW})
    assert set(refused) == {"xai", "acme"}
    assert set(refused.values()) == {"config.toml has a table about it already, which stays as it is."}


def test_one_that_does_not_fit_is_refused_alone_without_its_value(file: Path) -> None:
    bad = {"base_url": "https://user:canary@acme.example"}
    refused = tables(file).refusals({**NEW, "bad": bad, "worse": {"base_url": 5}, "groq": {"timeout_s": -1.0}})
    assert set(refused) == {"bad", "worse", "groq"}
    assert refused["worse"] == "Its settings do not fit: providers.worse.base_url: The value must be a text."
    assert "canary" not in str(refused)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.toml", "[providers\n", "cannot be read"),
        ("config.toml", "nonsense = 1\n", "has an error"),
        ("config.toml", "providers = {}\n", "one value"),
        ("skynet.toml", "[providers]\n", "modelport config import"),
        ("config.json", "{}", "modelport config import"),
    ],
)
def test_a_file_that_cannot_take_them_says_why(file: Path, name: str, text: str, words: str) -> None:
    file.with_name(name).write_text(text)
    refused = tables(file).refusals(NEW)
    assert set(refused) == set(NEW)
    assert words in refused["acme"]
    assert [path.name for path in file.parent.iterdir()] == [name]


def test_a_link_stays_one(file: Path) -> None:
    kept = file.with_name("dotfiles.toml")
    kept.write_text(OLD)
    file.symlink_to(kept)
    tables(file).add(NEW, {})
    assert file.is_symlink()
    assert "acme" in kept.read_text()


def test_a_file_that_cannot_be_written_is_an_error(file: Path) -> None:
    file.mkdir()
    assert set(tables(file).refusals(NEW)) == set(NEW)
    with pytest.raises(RequestFailed, match=r"config\.toml cannot be written"):
        tables(file).add(NEW, {})
