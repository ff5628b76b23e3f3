"""Files and folders that only their owner can use, whatever the umask and whoever was there before."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelport.adapters.system.data_folder import LocalFolder
from modelport.adapters.system.private_files import append_private, private_folder, restricted, write_private

posix = pytest.mark.skipif(os.name == "nt", reason="modes")
PACKAGE = Path(__file__).resolve().parents[4] / "server" / "modelport"


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
def test_the_umask_does_not_count(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    private_folder(folder)
    write_private(folder / "whole", b"1")
    append_private(folder / "added", b"1")
    append_private(folder / "added", b"2")
    restricted(folder / "library")
    assert [mode(path) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert {path.name: mode(path) for path in folder.iterdir()} == dict.fromkeys(("whole", "added", "library"), 0o600)
    assert (folder / "added").read_bytes() == b"12"


@posix
def test_files_that_were_open_to_others_are_closed_and_folders_are_left(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in ("whole", "added", "library"):
        (tmp_path / name).write_text("before")
        (tmp_path / name).chmod(0o666)
    private_folder(tmp_path)
    write_private(tmp_path / "whole", b"1")
    append_private(tmp_path / "added", b"1")
    restricted(tmp_path / "library")
    assert [mode(tmp_path / name) for name in ("whole", "added", "library")] == [0o600] * 3
    assert (tmp_path / "library").read_text() == "before"
    assert mode(tmp_path) == 0o755


@posix
def test_links_are_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("whole", "added", "library", "unfinished"):
        (tmp_path / name).symlink_to(victim)
    write_private(tmp_path / "whole", b"1")
    write_private(tmp_path / "other", b"1", temporary=str(tmp_path / "unfinished"))
    for write in (lambda: append_private(tmp_path / "added", b"1"), lambda: restricted(tmp_path / "library")):
        with pytest.raises(OSError, match="symbolic links"):
            write()
    assert victim.read_text() == "mine"
    assert not (tmp_path / "whole").is_symlink()
    assert not (tmp_path / "unfinished").is_symlink()


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_private(tmp_path / "folder", b"1")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        private_folder(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@posix
@pytest.mark.parametrize(
    ("permissions", "openness"),
    [(0o700, None), (0o750, "can read"), (0o755, "can read"), (0o775, "can change"), (0o777, "can change"), (0o1777, "can read")],
)  # fmt: skip
async def test_what_others_can_do_in_a_folder(permissions: int, openness: str | None, tmp_path: Path) -> None:
    os.chmod(tmp_path, permissions)  # noqa: PTH101  it is quick
    found = await LocalFolder(tmp_path).openness()
    assert (found is None) if openness is None else (found is not None and openness in found)


WRITERS = {"mkdir", "makedirs", "write_text", "write_bytes", "mkstemp", "NamedTemporaryFile"}
EXEMPT = {
    "adapters/system/private_files.py": "is what the others use",
    "adapters/usage_ledgers/database.py": "its library opens the file itself",
    "adapters/local_models/sharing.py": "locks its files while they are open",
    "adapters/usage_ledgers/spool.py": "locks its files while they are open",
}


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [a.value for a in [*call.args, *(k.value for k in call.keywords)] if isinstance(a, ast.Constant)]
    flags = {node.attr for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Attribute)}
    opens = name == "open" and any(isinstance(t, str) and set(t) & set("wax+") and len(t) < 4 for t in texts)
    to_nothing = any(isinstance(a, ast.Attribute) and a.attr == "devnull" for a in call.args)
    return name in WRITERS or "O_CREAT" in flags or (opens and not to_nothing)


def test_no_other_module_writes_a_file_of_its_own() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _writes(node)
    }
    assert found <= set(EXEMPT)
