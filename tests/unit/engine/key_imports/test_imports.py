"""What becomes of found keys and providers: which is stored, which is kept, and what a trouble of the store does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.configuration.additions import LocalConfigurationTables
from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.domain.key_imports.found import FoundFile, FoundFiles, FoundKey, FoundProviders, KeptLogIn, Place
from modelport.domain.key_imports.report import ImportReport
from modelport.domain.providers.credential import StoredKey
from modelport.domain.providers.registry import Registry
from modelport.engine.key_imports.imports import KeyImports
from modelport.engine.key_imports.key_storing import KeyStoring
from modelport.engine.providers.configuration import ActiveConfiguration
from modelport.engine.providers.credentials import Credentials
from modelport.protocol.secret import Secret
from support.builders import KeptByVendors, MemoryStore, Variables, row, values

ACME = row("acme", base_url_env_vars=("ACME_BASE_URL",))
GROQ = row("groq", key_prefix="gsk_")
OPENAI = row("openai", key_prefix="sk-")
OTHER = row("other", key_prefix="sk-", api_key_env_vars=("OTHER_API_KEY", "ACME_API_KEY"))
LOCAL = row("local", connection_type="local", requires_api_key=False, base_url="http://localhost:1")
ROWS = (ACME, GROQ, OPENAI, OTHER, LOCAL)
KEY, OTHER_KEY = "first-0123456789", "second-9876543210"


class Found:
    """``KeySources`` with files in memory."""

    def __init__(self, files: Sequence[FoundFile], problems: Sequence[str] = ()) -> None:
        self._found = FoundFiles(files=files, problems=problems)
        self.read_paths: list[str] = []

    def search(self, variables: Collection[str]) -> FoundFiles:
        assert "ACME_API_KEY" in variables
        return self._found

    def read(self, path: str, variables: Collection[str]) -> FoundFiles:
        self.read_paths.append(path)
        return self._found


def place(line: int = 1, *, whole: bool = True, path: str = "~/.env") -> Place:
    return Place(program=".env", path=path, entry="ENTRY", line=line, is_whole_line=whole)


def key(text: str = KEY, variable: str | None = "ACME_API_KEY", **fields: Any) -> FoundKey:
    return FoundKey(**{"place": place(), "secret": Secret(text), "variable": variable, **fields})


def file(*keys: FoundKey, tables: Mapping[str, Any] | None = None, log_ins: Sequence[KeptLogIn] = ()) -> FoundFile:
    providers = FoundProviders(program="Zed", path="~/zed", tables=tables) if tables else None
    return FoundFile(keys=keys, log_ins=log_ins, providers=providers)


class Import:
    """Imports over a store in memory and a configuration in a folder."""

    def __init__(self, folder: Path, *files: FoundFile, problems: Sequence[str] = (), **stored: Any) -> None:
        self.config = folder / "config.toml"
        self.registry = Registry(ROWS)
        self.store = MemoryStore(**stored)
        self.sources = Found(files, problems)
        environment = Variables()
        configuration = ActiveConfiguration(self.registry, LocalConfigurationFile(folder))
        configuration.load()
        credentials = Credentials(
            self.registry, environment, self.store, KeptByVendors(), values(self.registry, environment)
        )
        self._imports = KeyImports(
            self.registry,
            configuration,
            self.sources,
            LocalConfigurationTables(folder, lambda: ROWS),
            KeyStoring(self.registry, credentials, self.store),
        )

    async def run(self, *only: str, yes: bool = False, path: str | None = None) -> ImportReport:
        return await self._imports.run(path, only, imports=yes)

    def kept(self) -> dict[str, str]:
        return {name: stored.secret.reveal() for name, stored in self.store.keys.items()}


def statuses(report: ImportReport) -> list[tuple[str, str]]:
    return [(one.provider, one.status) for one in report.keys] + [(one.name, one.status) for one in report.providers]


async def test_a_list_changes_nothing_and_asks_for_no_password(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key(), tables={"corp": {"base_url": "https://corp.example"}}))
    one.store.locked = True
    report = await one.run()
    assert statuses(report) == [("acme", "found"), ("corp", "found")]
    assert (report.has_work, report.is_empty, report.is_failed) == (True, False, False)
    assert "locked" in report.problems[0]
    assert (one.kept(), one.config.exists(), one.store.locked) == ({}, False, True)


async def test_what_is_chosen_is_stored_and_its_place_can_be_removed(tmp_path: Path) -> None:
    elsewhere = key(place=place(7, whole=False, path="~/.bashrc"))
    one = Import(tmp_path, file(key(), elsewhere), problems=("x is broken.",))
    report = await one.run(yes=True)
    assert statuses(report) == [("acme", "stored")]
    assert one.kept() == {"acme": KEY}
    assert [found.removal for found in report.keys[0].places] == ["Remove line 1 of ~/.env.", "Remove ENTRY, line 7, from ~/.bashrc."]  # fmt: skip
    assert (report.keys[0].last4, report.problems) == ("6789", ("x is broken.",))
    assert statuses(await one.run(yes=True)) == [("acme", "same")]


async def test_a_stored_key_is_never_replaced(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key(), key("gsk_0123456789abc", "GROQ_API_KEY")), acme=OTHER_KEY, groq=StoredKey(Secret("gsk_x"), more=(Secret("gsk_0123456789abc"),)))  # fmt: skip
    for yes in (False, True):
        report = await one.run(yes=yes)
        assert statuses(report) == [("acme", "kept"), ("groq", "same")]
        assert "ends in 3210" in (report.keys[0].reason or "")
        assert report.keys[0].places[0].removal is None
    assert one.kept() == {"acme": OTHER_KEY, "groq": "gsk_x"}


async def test_a_stored_key_that_cannot_be_read_is_kept_in_a_list(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key()), acme=OTHER_KEY)
    one.store.locked = True
    assert statuses(await one.run()) == [("acme", "kept")]


async def test_the_first_of_several_keys_is_stored(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key()), file(key(OTHER_KEY)))
    report = await one.run(yes=True)
    assert statuses(report) == [("acme", "stored"), ("acme", "skipped")]
    assert "--add" in (report.keys[1].reason or "")
    assert one.kept() == {"acme": KEY}


async def test_keys_that_cannot_be_its_are_left_out_with_a_reason(tmp_path: Path) -> None:
    reasons = {
        "gsk_0123456789abc": "This is a key of Groq",
        "your-key-here": "placeholder",
        "sk-0123456789\u00e9": "plain characters",
    }
    one = Import(tmp_path, file(*(key(text) for text in reasons), key("sk-012345678901", "GROQ_API_KEY")))
    report = await one.run(yes=True)
    assert [found.status for found in report.keys] == ["skipped"] * 4
    for found, words in zip(report.keys, (*reasons.values(), "whose keys begin with gsk_"), strict=True):
        assert words in (found.reason or "")
    assert one.kept() == {}


async def test_log_ins_of_others_are_listed_and_never_stored(tmp_path: Path) -> None:
    kept = KeptLogIn(place=place(), reason="It is renewed.", provider="groq")
    one = Import(tmp_path, file(log_ins=[kept]))
    report = await one.run(yes=True)
    assert statuses(report) == [("groq", "skipped")]
    assert (report.keys[0].reason, report.keys[0].last4, report.keys[0].places[0].removal) == (
        "It is renewed.",
        None,
        None,
    )


async def test_a_key_beside_another_address_is_for_that_one_only(tmp_path: Path) -> None:
    mine = {"ACME_BASE_URL": "https://mine.example/v1"}
    one = Import(tmp_path, file(key("gsk_0123456789abc", addresses=mine)))
    report = await one.run(yes=True)
    # At another address it may be any key.
    assert (statuses(report), report.keys[0].base_url) == ([("acme", "stored")], "https://mine.example/v1")
    assert one.store.keys["acme"].base_url == "https://mine.example/v1"
    own = Import(tmp_path, file(key(addresses={"ACME_BASE_URL": "https://acme.example/v1/"})))
    await own.run(yes=True)
    assert own.store.keys["acme"].base_url is None


async def test_an_address_that_is_none_is_a_reason(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key(addresses={"ACME_BASE_URL": "https://user:canary@x.example"})))
    report = await one.run(yes=True)
    assert statuses(report) == [("acme", "skipped")]
    assert "canary" not in str(report)


async def test_providers_are_added_first_and_their_keys_bound_to_them(tmp_path: Path) -> None:
    tables = {"corp": {"base_url": "https://corp.example"}, "acme": {"base_url": "https://gw.example"}, "bare": {}}
    keys = [key(variable=None, provider=name) for name in (*tables, "stranger")]
    one = Import(tmp_path, file(*keys, tables=tables))
    expected = [("corp", "found"), ("acme-gw.example", "found"), ("bare", "skipped"), ("stranger", "skipped")]
    listed = await one.run()
    assert statuses(listed) == [*expected, ("corp", "found"), ("acme-gw.example", "found"), ("bare", "skipped")]
    report = await one.run(yes=True)
    assert [status for _, status in statuses(report)] == ["stored", "stored", "skipped", "skipped", "added", "added", "skipped"]  # fmt: skip
    assert "No provider has this name" in (report.keys[3].reason or "")
    assert one.store.keys["corp"].base_url == "https://corp.example"
    assert one.registry.get("acme-gw.example").dialect == ACME.dialect
    assert one.registry.get("acme").base_url == ACME.base_url
    again = await one.run(yes=True)
    assert [status for _, status in statuses(again)][:2] == ["same", "same"]
    assert "already" in (again.providers[0].reason or "")


async def test_only_some_providers(tmp_path: Path) -> None:
    tables = {"corp": {"base_url": "https://corp.example"}, "more": {"base_url": "https://more.example"}}
    files = file(key(), key("gsk_0123456789abc", "GROQ_API_KEY"), key(variable=None, provider="corp"), tables=tables)
    one = Import(tmp_path, files)
    assert statuses(await one.run("GROQ", "Corp", yes=True)) == [
        ("groq", "stored"),
        ("corp", "stored"),
        ("corp", "added"),
    ]
    assert set(one.kept()) == {"groq", "corp"}
    # Of the providers that read a variable it is the one that was named.
    assert statuses(await one.run("other")) == [("other", "found")]
    assert (await one.run("local")).is_empty
    with pytest.raises(InvalidParams, match='No provider is called "grok"'):
        await one.run("grok")


async def test_one_file(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key()))
    await one.run(path="/some/file")
    assert one.sources.read_paths == ["/some/file"]


async def test_a_store_that_fails_is_said_once_and_asked_once(tmp_path: Path) -> None:
    one = Import(tmp_path, file(key(), key("gsk_0123456789abc", "GROQ_API_KEY"), key("none", "OPENAI_API_KEY")))
    one.store.trouble = RequestFailed("keyring_unavailable", "There is no keyring.")
    report = await one.run(yes=True)
    assert statuses(report) == [("acme", "failed"), ("groq", "failed"), ("openai", "skipped")]
    assert (report.is_failed, report.problems, one.store.asked) == (True, ("There is no keyring.",), ["acme"])
