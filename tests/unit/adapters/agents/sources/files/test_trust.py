"""Tests that only programs which no other user can change are started."""

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.trust import Trust
from support.agent_homes import program

WRITABLE = "can be written to by every user"


def trust(home: Path) -> Trust:
    return Trust(str(home), modes=True)


def test_a_program_that_only_its_user_can_write_may_be_started(tmp_path: Path):
    assert trust(tmp_path).program(str(program(tmp_path / "bin/gemini"))) is None
    assert trust(tmp_path).program("/bin/sh") is None


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o703, 0o702])
def test_nothing_in_a_folder_that_every_user_can_write_is_started_sticky_or_not(tmp_path: Path, mode: int):
    path = program(tmp_path / "bin/gemini")
    (tmp_path / "bin").chmod(mode)
    assert trust(tmp_path).program(str(path)) == f"~/bin {WRITABLE}"


def test_nor_is_a_program_that_every_user_can_write(tmp_path: Path):
    path = program(tmp_path / "bin/gemini", mode=0o757)
    assert trust(tmp_path).program(str(path)) == f"~/bin/gemini {WRITABLE}"


def test_the_group_may_write_as_it_does_where_homebrew_is(tmp_path: Path):
    path = program(tmp_path / "bin/gemini", mode=0o775)
    (tmp_path / "bin").chmod(0o775)
    assert trust(tmp_path).program(str(path)) is None


def test_a_link_is_as_safe_as_the_folder_it_leads_to(tmp_path: Path):
    target = program(tmp_path / "open/cli.js")
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gemini").symlink_to("../open/cli.js")
    assert trust(tmp_path).program(str(tmp_path / "bin/gemini")) is not None
    (tmp_path / "open").chmod(0o755)
    assert trust(tmp_path).program(str(tmp_path / "bin/gemini")) is None
    target.chmod(0o777)
    assert trust(tmp_path).program(str(tmp_path / "bin/gemini")) is not None


def test_and_as_every_link_on_the_way(tmp_path: Path):
    program(tmp_path / "safe/cli.js")
    for folder in ("open", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "open/step").symlink_to("../safe/cli.js")
    (tmp_path / "bin/gemini").symlink_to("../open/step")
    (tmp_path / "open").chmod(0o777)
    assert WRITABLE in (trust(tmp_path).program(str(tmp_path / "bin/gemini")) or "")


def test_a_folder_that_is_a_link_counts_where_it_leads(tmp_path: Path):
    program(tmp_path / "open/bin/gemini")
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "bin").symlink_to("open/bin")
    assert WRITABLE in (trust(tmp_path).program(str(tmp_path / "bin/gemini")) or "")


def test_a_folder_above_may_be_sticky_and_not_open(tmp_path: Path):
    path = program(tmp_path / "above/bin/gemini")
    (tmp_path / "above").chmod(0o1777)
    assert trust(tmp_path).program(str(path)) is None
    (tmp_path / "above").chmod(0o777)
    assert trust(tmp_path).program(str(path)) == f"~/above {WRITABLE}"


def test_what_belongs_to_others_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = program(tmp_path / "bin/gemini")
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "belongs to another user" in (trust(tmp_path).program(str(path)) or "")


def test_a_folder_of_others_makes_all_in_it_theirs(tmp_path: Path):
    if os.geteuid() != 0:
        pytest.skip("only root gives folders away")
    path = program(tmp_path / "theirs/bin/gemini")
    os.chown(tmp_path / "theirs", 12345, -1)
    assert trust(tmp_path).program(str(path)) == "~/theirs belongs to another user"


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\u202eb", "a\udcffb"])
def test_a_path_that_cannot_be_shown_is_not_started(tmp_path: Path, name: str):
    path = program(tmp_path / name / "gemini")
    why = trust(tmp_path).program(str(path))
    assert why == "its path holds characters that cannot be shown"


def test_links_in_a_circle_and_links_to_nothing_are_refused(tmp_path: Path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("nothing")
    (tmp_path / "d").symlink_to("d/d/d")
    for name in "abcd":
        assert trust(tmp_path).program(str(tmp_path / name)) is not None
        assert trust(tmp_path).program(str(tmp_path / name / "inside")) is not None


def test_where_modes_say_nothing_only_the_name_counts(tmp_path: Path):
    path = program(tmp_path / "bin/gemini", mode=0o777)
    assert Trust(str(tmp_path), modes=False).program(str(path)) is None
