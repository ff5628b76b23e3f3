"""Tests which folders the start files of shells name, without a shell."""

import os
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.files.shell_files import MAX_FILES, shell_folders


def found(home: Path) -> list[tuple[str, str]]:
    """The folders, with home as ``~``, and their labels."""
    return [(one.path.replace(str(home), "~"), one.label) for one in shell_folders(str(home))]


def write(home: Path, file: str, text: str) -> None:
    (home / file).parent.mkdir(parents=True, exist_ok=True)
    (home / file).write_text(text)


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ('export PATH="$HOME/tools/bin:$PATH"', ["~/tools/bin"]),
        ("PATH=$HOME/a:${HOME}/b:~/c:/opt/d:$PATH", ["~/a", "~/b", "~/c", "/opt/d"]),
        ("export PATH=\"$HOME/a\":$PATH:'/opt/b c'", ["~/a", "/opt/b c"]),
        ('export PNPM_HOME="$HOME/pn"\nexport PATH="$PNPM_HOME:$PATH"', ["~/pn"]),
        ('A="$HOME/a" B=$A/b; export PATH=$B:$PATH', ["~/a/b"]),
        ('[ -d "$HOME/bin" ] && PATH="$HOME/bin:$PATH"', ["~/bin"]),
        ('if [ -d "$HOME/bin" ] ; then\n    PATH="$HOME/bin:$PATH"\nfi', ["~/bin"]),
        ('case ":$PATH:" in\n  *":$X:"*) ;;\n  *) export PATH="$HOME/x:$PATH" ;;\nesac', ["~/x"]),
        ("path=(~/a $HOME/b '/opt/c' $path)\npath+=(~/d)", ["~/a", "~/b", "/opt/c", "~/d"]),
        ('typeset -U path PATH\nexport -U PATH="$HOME/a:$PATH"', ["~/a"]),
        ('export PATH="${XDG_X:-$HOME/x}/bin:$PATH"', []),
        ('export PATH="${TOOLS:-/opt/tools}/bin:$PATH"', ["/opt/tools/bin"]),
        ('export PATH="$HOME/a\\\n:$HOME/b:$PATH"', ["~/a", "~/b"]),
        ('export PATH="$(brew --prefix)/bin:$PATH"', []),
        ("export PATH=`pwd`/bin:$PATH", []),
        ("export PATH=bin:.:../x::$PATH", []),
        ("export PATH=$UNKNOWN/bin:$PATH", []),
        ("# export PATH=/opt/x:$PATH", []),
        ("MANPATH=/opt/x\nexport MYPATH=/opt/y", []),
        ("export PATH=", []),
        ('export PATH="unclosed', []),
        ("export PATH=${PATH:+${PATH}:}/opt/x", ["/opt/x"]),
    ],
)
def test_of_a_shell_of_bournes_kind(tmp_path: Path, text: str, folders: list[str]):
    write(tmp_path, ".bashrc", f"{text}\n")
    assert found(tmp_path) == [(folder, "~/.bashrc") for folder in folders]


@pytest.mark.parametrize(
    "file", [".profile", ".bash_profile", ".zshenv", ".zprofile", ".zshrc", ".config/zsh/.zshrc", ".bashrc.d/path",
             ".config/environment.d/10-path.conf"],
)  # fmt: skip
def test_in_each_of_the_files(tmp_path: Path, file: str):
    write(tmp_path, file, 'PATH="$HOME/tools/bin:$PATH"\n')
    assert found(tmp_path) == [("~/tools/bin", f"~/{file}")]


@pytest.mark.parametrize(
    ("file", "text", "folders"),
    [
        ("config.fish", "fish_add_path ~/a $HOME/b '/opt/c d'", ["~/a", "~/b", "/opt/c d"]),
        ("config.fish", "fish_add_path --global --prepend ~/a", ["~/a"]),
        ("config.fish", "set -gx PATH ~/a $PATH", ["~/a"]),
        ("config.fish", "test -d ~/a; and set -gx PATH ~/a $PATH", ["~/a"]),
        ("config.fish", "set -gx VOLTA_HOME $HOME/v\nset -gx PATH $VOLTA_HOME/bin $PATH", ["~/v/bin"]),
        ("conf.d/tools.fish", "set -Ua fish_user_paths ~/a", ["~/a"]),
        ("config.fish", "set -gx PATH (brew --prefix)/bin $PATH", ["/bin"]),
        ("config.fish", "set -e PATH", []),
        ("conf.d/readme.txt", "fish_add_path ~/a", []),
        (
            "fish_variables",
            "# This file\nVERSION: 3.0\nSETUVAR fish_user_paths:/opt/a\\x1e/opt/b",
            ["/opt/a", "/opt/b"],
        ),
        ("fish_variables", "SETUVAR --export fish_user_paths:/opt/\\x2ea", ["/opt/.a"]),
        ("fish_variables", "SETUVAR other:/opt/a", []),
    ],
)
def test_of_fish(tmp_path: Path, file: str, text: str, folders: list[str]):
    write(tmp_path, f".config/fish/{file}", f"{text}\n")
    assert found(tmp_path) == [(folder, f"~/.config/fish/{file}") for folder in folders]


def test_files_that_others_read_in_count_where_they_are_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(
        tmp_path,
        ".bashrc",
        '[ -f ~/.paths ] && . ~/.paths\nsource "$HOME/more"\n. ./env\nsource /tmp/x\n. $(x)\n. ~/.bashrc\n',
    )
    write(tmp_path, ".paths", "export PATH=~/a:$PATH\n")
    write(tmp_path, "more", "PATH=~/b:$PATH\n")
    write(tmp_path, "project/env", "PATH=/project:$PATH\n")
    monkeypatch.chdir(tmp_path / "project")
    assert found(tmp_path) == [("~/a", "~/.paths"), ("~/b", "~/more")]


def test_files_without_end_have_one(tmp_path: Path):
    for number in range(200):
        write(tmp_path, f"f{number}", f"PATH=/opt/{number}:$PATH\n. ~/f{number + 1}\n")
    write(tmp_path, ".zshenv", ". ~/f0\n")
    assert len(found(tmp_path)) == MAX_FILES - 1


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00PATH=", b"PATH=/a" * 20_000, b'PATH="' + b"\\" * 5_000, b"(" * 5_000]
)
def test_odd_files_are_skipped(tmp_path: Path, content: bytes):
    (tmp_path / ".bashrc").write_bytes(content)
    os.mkfifo(tmp_path / ".zshrc")
    (tmp_path / ".profile").mkdir()
    (tmp_path / ".bash_profile").symlink_to(".bash_profile")
    assert found(tmp_path) == []
