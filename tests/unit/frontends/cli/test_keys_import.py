"""``modelport keys import``: what is listed, what is stored, and what never leaves."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.file_keyring import LockedKeyring

GROQ, OPENAI = "gsk_canary-0123456789abcdef", "sk-canary-9876543210fedcba"
ECA = """{
  // mine
  "providers": {
    "corp": {"api": "openai-chat", "url": "https://llm.corp.example", "key": "CORP", "models": {"big": {}}}
  }
}"""
CORP = "canary-corp-0123456789"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a project in it, which is the working folder."""
    home = tmp_path / "home"
    project = home / "project"
    project.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR", "LLM_USER_PATH", "CODEX_HOME", "GH_CONFIG_DIR", "OPENCODE_CONFIG", "CONTINUE_GLOBAL_DIR"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(project)
    monkeypatch.setenv("COLUMNS", "200")
    return home


@pytest.fixture
def files(home: Path) -> Path:
    (home / ".bashrc").write_text(f"# mine\nexport GROQ_API_KEY={GROQ}\n")
    (home / "project" / ".env").write_text(f'OPENAI_API_KEY="{OPENAI}"\n')
    (home / ".config" / "eca").mkdir(parents=True)
    (home / ".config" / "eca" / "config.json").write_text(ECA.replace("CORP", CORP))
    (home / ".qwen").mkdir()
    (home / ".qwen" / "oauth_creds.json").write_text('{"access_token": "canary-a", "refresh_token": "canary-r"}')
    return home


def config() -> Path:
    return Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_yes_it_lists_and_changes_nothing(run: Any, files: Path, entries: Path) -> None:
    before = contents(files)
    result = run("keys", "import")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["groq", "cdef", "~/.bashrc:2", "(GROQ_API_KEY)", "can", "be", "imported"] in lines
    assert ["openai", "dcba", "~/project/.env:1", "(OPENAI_API_KEY)", "can", "be", "imported"] in lines
    assert any(line[:3] == ["corp", "6789", "https://llm.corp.example/v1"] for line in lines)
    assert "qwen-oauth: This is a log-in that Qwen Code renews" in result.stdout
    assert "modelport login qwen-oauth" in result.stdout
    assert "Nothing was changed: add --yes" in result.stdout
    assert "canary" not in result.output
    assert (entries.exists(), config().exists(), contents(files)) == (False, False, before)


def test_with_yes_keys_go_to_the_keyring_and_providers_to_the_configuration(
    run: Any, files: Path, entries: Path
) -> None:
    before = contents(files)
    config().write_text("# my own words\n[providers.groq]\ntimeout_s = 9.0  # slow\n")
    result = run("keys", "import", "--yes")
    assert result.exit_code == 0
    kept = {name: json.loads(value) for name, value in json.loads(entries.read_text()).items()}
    assert {name: one["secret"] for name, one in kept.items()} == {
        "modelport/groq": GROQ,
        "modelport/openai": OPENAI,
        "modelport/corp": CORP,
    }
    assert kept["modelport/corp"]["baseUrl"] == "https://llm.corp.example/v1"
    assert "Remove line 2 of ~/.bashrc.\n" in result.stdout
    assert "Remove line 1 of ~/project/.env.\n" in result.stdout
    assert "from ~/.config/eca/config.json.\n" in result.stdout
    assert "canary" not in result.output
    assert contents(files) == before
    text = config().read_text()
    assert text.startswith("# my own words\n[providers.groq]\ntimeout_s = 9.0  # slow\n")
    assert tomllib.loads(text)["providers"]["corp"] == {
        "dialect": "openai_chat",
        "base_url": "https://llm.corp.example/v1",
        "models": ["big"],
    }
    assert "# From ECA: ~/.config/eca/config.json" in text
    assert CORP not in text
    assert run("config", "check").exit_code == 0
    # Once more finds them in their new place.
    again = run("keys", "import", "--yes")
    assert again.stdout.count("stored already") == 3
    assert config().read_text() == text


def test_a_stored_key_is_kept(run: Any, files: Path, entries: Path) -> None:
    run("keys", "set", "groq", input="gsk_mine-0123456789zzzz")
    result = run("keys", "import", "--yes", "--only", "groq")
    assert result.exit_code == 0
    assert "kept as stored" in result.stdout
    assert "ends in zzzz" in result.stdout
    assert "Remove" not in result.stdout
    assert "gsk_mine-0123456789zzzz" in entries.read_text()


def test_only_some_providers(run: Any, files: Path, entries: Path) -> None:
    result = run("keys", "import", "--yes", "--only", "GROQ", "--only", "corp")
    assert result.exit_code == 0
    assert json.loads(entries.read_text()).keys() == {"modelport/groq", "modelport/corp"}
    result = run("keys", "import", "--only", "grok2")
    assert result.exit_code == 2
    assert 'No provider is called "grok2"' in result.stderr


def test_json(run: Any, files: Path) -> None:
    report = json.loads(run("keys", "import", "--json", "--only", "groq").stdout)
    assert report == {
        "keys": [
            {
                "provider": "groq",
                "status": "found",
                "last4": "cdef",
                "places": [
                    {
                        "program": "bash",
                        "path": "~/.bashrc",
                        "entry": "GROQ_API_KEY",
                        "line": 2,
                        "removal": "Remove line 2 of ~/.bashrc.",
                    }
                ],
            }
        ],
        "providers": [],
        "problems": [],
    }
    (table,) = json.loads(run("keys", "import", "--json").stdout)["providers"]
    assert (table["name"], table["status"], table["models"]) == ("corp", "found", ["big"])


def test_one_file(run: Any, files: Path) -> None:
    other = files / "other.txt"
    other.write_text("XAI_API_KEY=xai-0123456789abcd\n")
    result = run("keys", "import", "--from", str(other))
    assert result.exit_code == 0
    assert "~/other.txt:1 (XAI_API_KEY)" in result.stdout
    assert "groq" not in result.stdout
    result = run("keys", "import", "--from", "none.env")
    assert (result.exit_code, result.stderr) == (2, "modelport: There is no file none.env.\n")


def test_nothing_found_is_1_with_a_way_out(run: Any, home: Path) -> None:
    result = run("keys", "import")
    assert result.exit_code == 1
    assert "modelport keys set PROVIDER" in result.stdout
    result = run("keys", "import", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"keys": [], "providers": [], "problems": []})


def test_a_broken_file_is_reported_beside_what_is_found(run: Any, files: Path) -> None:
    (files / ".config" / "eca" / "config.json").write_text('{"providers": ')
    result = run("keys", "import")
    assert result.exit_code == 0
    assert result.stderr == "modelport: ~/.config/eca/config.json is not valid JSON.\n"
    assert "groq" in result.stdout


def test_a_keyring_that_cannot_be_used_is_1_and_says_why(
    run: Any, files: Path, entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    keyring.set_keyring(LockedKeyring())
    result = run("keys", "import", "--yes", "--only", "groq")
    assert result.exit_code == 1
    assert "not stored" in result.stdout
    assert "Remove" not in result.stdout
    assert "unlock" in result.stderr.casefold()


def test_what_commands_a_terminal_is_shown_without_it(run: Any, home: Path) -> None:
    (home / ".config" / "eca").mkdir(parents=True)
    evil = ECA.replace('corp"', 'co\\u001b]0;x\\u0007rp"').replace("big", "b\\u001b[2Jig").replace("CORP", CORP)
    (home / ".config" / "eca" / "config.json").write_text(evil)
    for arguments in ((), ("--yes",), ("--json",)):
        assert "\x1b" not in run("keys", "import", *arguments).output
    assert run("config", "check").exit_code == 0
