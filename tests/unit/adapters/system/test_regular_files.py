"""Files that other programs may have put there: a pipe in the place of one would block its reader for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.test_ledger_trouble import Warnings
from contract.test_usage_ledger import record
from modelport.adapters.agents.registry.cache_file import RegistryFile
from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.adapters.credential_stores.index_file import IndexFile
from modelport.adapters.credential_stores.vendor_files import LocalVendorFiles, read_object
from modelport.adapters.model_caches.files import FileModelCache
from modelport.adapters.system.regular_files import open_regular, read_start, read_whole
from modelport.adapters.usage_ledgers.spool import calls_in, taken_over
from modelport.adapters.usage_ledgers.sqlite import SqliteLedger
from support.builders import Variables, endpoint, row

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of a POSIX system")


def pipe(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


def test_a_regular_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    large = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(large)
    (tmp_path / "link").symlink_to("a")
    assert read_whole(tmp_path / "link", len(large)) == read_start(tmp_path / "a", 10**9) == large
    assert read_start(tmp_path / "a", 5) == large[:5]
    assert read_start(tmp_path / "a", 2_000_000) == large[:2_000_000]
    with pytest.raises(OSError, match="More than 5 bytes"):
        read_whole(tmp_path / "a", 5)


@pytest.mark.parametrize("links", [True, False])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, links: bool) -> None:
    with pytest.raises(OSError):  # noqa: PT011  each system says it in other words
        open_regular(tmp_path / "nothing", links=links)
    with pytest.raises(OSError):  # noqa: PT011
        open_regular(tmp_path, links=links)


@pipes
def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    os.close(open_regular(tmp_path / "link"))
    with pytest.raises(OSError):  # noqa: PT011
        open_regular(tmp_path / "link", links=False)
    with pytest.raises(OSError, match="Not a regular file"):
        open_regular(pipe(tmp_path / "pipe"))


READERS: dict[str, tuple[Callable[[Path], Any], Any]] = {
    "a list of names": (lambda path: IndexFile(path).read(), []),
    "a vendor's JSON": (read_object, {}),
    "the registry of agents": (lambda path: RegistryFile(path, None).read(), None),  # type: ignore[arg-type]
    "calls of another process": (calls_in, None),
}


@pipes
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_counts_as_a_missing_file(tmp_path: Path, reader: str) -> None:
    read, nothing = READERS[reader]
    assert read(pipe(tmp_path / "pipe")) == nothing


@pipes
@pytest.mark.parametrize("name", ["config.toml", "config.json", "skynet.toml"])
def test_a_pipe_is_no_configuration(tmp_path: Path, name: str) -> None:
    pipe(tmp_path / name)
    found = LocalConfigurationFile(tmp_path).read()
    assert [problem.message for problem in found.problems] == ["The file cannot be read (Not a regular file)."]


@pipes
@pytest.mark.parametrize(
    ("auth", "name"),
    [("sigv4", ".aws/credentials"), ("sigv4", ".aws/config"), ("copilot", ".config/github-copilot/apps.json"), ("qwen", ".qwen/oauth_creds.json")],
)  # fmt: skip
async def test_a_pipe_holds_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str, name: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    pipe(tmp_path / name)
    files, provider = LocalVendorFiles(Variables()), row(auth, auth=auth, requires_api_key=False)
    assert await files.credential(provider, {}) is None
    assert await files.settings(provider, {}) == {}


@pipes
async def test_a_pipe_is_no_list_of_models(tmp_path: Path) -> None:
    cache, place = FileModelCache(tmp_path), endpoint()
    pipe(cache._path(place))
    assert await cache.get(place) is None


@pipes
async def test_a_pipe_among_the_calls_that_wait_holds_up_no_call(tmp_path: Path) -> None:
    path = pipe(tmp_path / "data" / "waiting" / "left.calls")
    with taken_over(path) as mine:
        assert mine is None
    ledger = SqliteLedger(tmp_path / "data" / "usage.sqlite3", Warnings())
    await ledger.record(record(input_tokens=1))
    # A reply does not wait for the ledger where the machine has no moment to spare; a report does.
    assert [call.id for call in await ledger.history()] == [1]
    await ledger.aclose()
    assert path.exists()
