"""Which agents the settings of editors set up, in the shapes that the editors write and have written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelport.adapters.agents.sources.editors.settings import MAX_SETTINGS_BYTES, configured
from modelport.domain.agents.observations import Setting

CANARY = "sk-canary-0123456789"

ZED = """\
// Settings of Zed: see the documentation.
{
  "theme": "One Dark", // "agent_servers" in a comment means nothing
  "agent_servers": {
    /* what it takes today */
    "My agent": {
      "type": "custom",
      "command": "~/bin/my-agent",
      "args": ["--url", "http://localhost:1//", "acp"],
      "env": { "MY_KEY": "CANARY", "MY_MODE": "x", },
    },
    "github-copilot": { "type": "registry", "env": { "COPILOT_TOKEN": "CANARY" } },
    "Auggie": { "type": "extension" },
    // before there were types
    "Older": { "command": "older-agent", "args": ["--acp"] },
    "Oldest": { "command": { "path": "oldest-agent", "args": ["acp"], "env": { "OLD_KEY": "CANARY" } } },
    "gemini": { "ignore_system_version": false },
    "claude": { "env": { "ANTHROPIC_API_KEY": "CANARY" } },
    "codex": { "command": "/opt/codex-acp" },
    "nothing": {},
    "broken": { "type": "custom", "command": 7 },
    "worse": "acp",
  },
}
""".replace("CANARY", CANARY)


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(home: Path, variables: Mapping[str, str] | None = None, platform: str = "linux") -> dict[str, Setting]:
    found = configured(home, variables or {}, platform)
    assert CANARY not in repr(found), "a value of a variable is in what was read"
    return {setting.name: setting for setting in found}


def test_zed(tmp_path: Path) -> None:
    write(tmp_path / ".config/zed/settings.json", ZED)
    host = "Zed (~/.config/zed/settings.json)"
    assert configured(tmp_path, {}, "linux") == (
        Setting(
            host=host,
            name="My agent",
            command="~/bin/my-agent",
            args=("--url", "http://localhost:1//", "acp"),
            variables=("MY_KEY", "MY_MODE"),
        ),
        Setting(host=host, name="github-copilot", registry_id="github-copilot", variables=("COPILOT_TOKEN",)),
        Setting(host=host, name="Auggie"),
        Setting(host=host, name="Older", command="older-agent", args=("--acp",)),
        Setting(host=host, name="Oldest", command="oldest-agent", args=("acp",), variables=("OLD_KEY",)),
        Setting(host=host, name="gemini", registry_id="gemini"),
        Setting(host=host, name="claude", registry_id="claude", variables=("ANTHROPIC_API_KEY",)),
        Setting(host=host, name="codex", command="/opt/codex-acp"),
    )
    assert CANARY not in repr(configured(tmp_path, {}, "linux"))


ONE = '{"agent_servers": {"One": {"type": "custom", "command": "one"}}}'


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("linux", "XDG_CONFIG_HOME", "zed"),
        ("linux", "FLATPAK_XDG_CONFIG_HOME", "zed"),
        ("freebsd14", "XDG_CONFIG_HOME", "zed"),
        ("win32", "APPDATA", "Zed"),
    ],
)
def test_zed_where_a_variable_says(tmp_path: Path, platform: str, variable: str, place: str) -> None:
    write(tmp_path / "elsewhere" / place / "settings.json", ONE)
    named = {variable: str(tmp_path / "elsewhere")}
    assert read(tmp_path, named, platform)["One"].host == f"Zed (~/elsewhere/{place}/settings.json)"
    assert read(tmp_path / "home", named, platform)["One"].host == f"Zed ({tmp_path}/elsewhere/{place}/settings.json)"
    assert read(tmp_path, {}, platform) == {}


def test_zed_on_a_mac_and_on_windows_without_variables(tmp_path: Path) -> None:
    write(tmp_path / ".config/zed/settings.json", ONE)
    assert set(read(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "x")}, "darwin")) == {"One"}
    assert read(tmp_path, {}, "win32") == {}
    write(tmp_path / "AppData/Roaming/Zed/settings.json", ONE)
    assert read(tmp_path, {}, "win32")["One"].host == "Zed (~/AppData/Roaming/Zed/settings.json)"


def test_jetbrains(tmp_path: Path) -> None:
    settings = {
        "default_mcp_settings": {"use_idea_mcp": True, "use_custom_mcp": True},
        "agent_servers": {
            "In house": {"command": "/opt/in-house", "args": ["acp"], "env": {"API_KEY": CANARY}},
            "Bare": {"command": "bare"},
            "No program": {"args": ["acp"]},
            # What only Zed has means nothing here.
            "gemini": {"type": "registry"},
        },
    }
    write(tmp_path / ".jetbrains/acp.json", json.dumps(settings))
    host = "JetBrains (~/.jetbrains/acp.json)"
    assert list(read(tmp_path).values()) == [
        Setting(host=host, name="In house", command="/opt/in-house", args=("acp",), variables=("API_KEY",)),
        Setting(host=host, name="Bare", command="bare"),
    ]


CODE = """{
  "editor.fontSize": 14, // points
  "acp.agents": {
    "Claude Code": { "command": "npx", "args": ["@agentclientprotocol/claude-agent-acp@latest"], "env": {} },
    "Local": { "command": "local", "displayName": "Local one", "env": { "K": "CANARY" } },
  }
}""".replace("CANARY", CANARY)


@pytest.mark.parametrize(
    ("platform", "base"),
    [("linux", ".config"), ("darwin", "Library/Application Support"), ("win32", "AppData/Roaming")],
)
@pytest.mark.parametrize(
    ("editor", "folder"),
    [
        ("VS Code", "Code"),
        ("VS Code Insiders", "Code - Insiders"),
        ("VSCodium", "VSCodium"),
        ("Cursor", "Cursor"),
        ("Windsurf", "Windsurf"),
    ],
)
def test_vs_code_and_its_kin(tmp_path: Path, platform: str, base: str, editor: str, folder: str) -> None:
    write(tmp_path / base / folder / "User/settings.json", CODE)
    found = read(tmp_path, {}, platform)
    assert list(found) == ["Claude Code", "Local"]
    assert found["Claude Code"].args == ("@agentclientprotocol/claude-agent-acp@latest",)
    assert found["Local"].variables == ("K",)
    assert {setting.host for setting in found.values()} == {f"{editor} (~/{base}/{folder}/User/settings.json)"}


def test_a_profile_of_vs_code_has_settings_of_its_own(tmp_path: Path) -> None:
    user = tmp_path / ".config/Code/User"
    write(user / "profiles/-5f1/settings.json", '{"acp.agents": {"In profile": {"command": "p"}}}')
    write(user / "profiles/empty/keybindings.json", "[]")
    write(user / "profiles/storage.json", "{}")
    host = "VS Code (~/.config/Code/User/profiles/-5f1/settings.json)"
    assert configured(tmp_path, {}, "linux") == (Setting(host=host, name="In profile", command="p"),)


def test_acpx(tmp_path: Path) -> None:
    settings = {
        "defaultAgent": "mine",
        "auth": {"openai_api_key": CANARY},
        "agents": {
            "mine": {"argv": ["/opt/my agent", "acp", "--profile", "a b"]},
            "pair": {"command": "pair", "args": ["acp"]},
            "line": {"command": "node '/opt/my agent.js' --acp"},
            "open": {"command": "node 'open"},
            "none": {"argv": []},
            "odd": {"argv": ["a", 1]},
        },
    }
    write(tmp_path / ".acpx/config.json", json.dumps(settings))
    found = read(tmp_path)
    assert {name: (setting.command, setting.args) for name, setting in found.items()} == {
        "mine": ("/opt/my agent", ("acp", "--profile", "a b")),
        "pair": ("pair", ("acp",)),
        "line": ("node", ("/opt/my agent.js", "--acp")),
    }
    assert found["mine"].host == "acpx (~/.acpx/config.json)"
    assert set(read(tmp_path, {}, "win32")) == {"mine", "pair"}, (
        "there acpx refuses lines, since how to split them is not defined"
    )


def described(**changed: object) -> str:
    said = {"identity": "own.example", "name": "Own", "short_name": "own", "protocol": "acp", **changed}
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items()) + "\n"


def test_superqode(tmp_path: Path) -> None:
    folder = tmp_path / ".superqode/agents"
    write(folder / "a.toml", described() + '[run_command]\n"*" = "own --model \'a b\'"\nmacos = "own-mac"\n')
    write(folder / "b.toml", described(name="Off", active=False) + '[run_command]\n"*" = "off"\n')
    write(folder / "c.toml", described(name="Other", protocol="mcp") + '[run_command]\n"*" = "other"\n')
    write(folder / "d.toml", described(name="Elsewhere") + '[run_command]\nwindows = "x"\n')
    write(folder / "e.toml", "no = toml = at all")
    write(folder / "f.toml", b"\xff")
    write(folder / "g.txt", described() + '[run_command]\n"*" = "text"\n')
    host = "SuperQode (~/.superqode/agents/a.toml)"
    assert configured(tmp_path, {}, "linux") == (
        Setting(host=host, name="Own", command="own", args=("--model", "a b")),
    )
    assert configured(tmp_path, {}, "darwin") == (Setting(host=host, name="Own", command="own-mac"),)


@pytest.mark.parametrize("relative", [".", "", "work", "./work", "../work"])
def test_no_file_of_a_workspace_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: str) -> None:
    """Everything an untrusted folder could bring along, the working folder being that folder."""
    work, home = tmp_path / "work", tmp_path / "home"
    home.mkdir()
    evil = '{"agent_servers": {"evil": {"command": "evil"}}, "acp.agents": {"evil": {"command": "evil"}}, "agents": {"evil": {"argv": ["evil"]}}}'
    for name in (
        ".zed/settings.json", ".vscode/settings.json", ".acpxrc.json", ".acpx/config.json", ".jetbrains/acp.json",
        ".idea/acp.json", "zed/settings.json", "Zed/settings.json", "settings.json", "Code/User/settings.json",
        ".config/zed/settings.json", ".cursor/settings.json", "evil.code-workspace",
    ):  # fmt: skip
        write(work / name, evil)
    write(work / ".superqode/agents/evil.toml", described() + '[run_command]\n"*" = "evil"\n')
    monkeypatch.chdir(work)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(str(path)) or real(path, *rest, **more))
    for platform in ("linux", "darwin", "win32"):
        named = dict.fromkeys(("XDG_CONFIG_HOME", "FLATPAK_XDG_CONFIG_HOME", "APPDATA"), relative)
        assert configured(home, named, platform) == ()
    assert opened
    assert [path for path in opened if not path.startswith(f"{home}/")] == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00" * 100,
        os.urandom(1000),
        b'"agent_servers"',
        b'{"agent_servers": ',
        b'{"agent_servers": []}',
        b'{"agent_servers": null}',
        b'{"agent_servers": {"a": {"command": "\xff"}}}',
        b'{"agent_servers": {"a": {"command": ""}}}',
        b'{"agent_servers": {"a": {"command": "a\\u001b[31m"}}}',
        b'{"agent_servers": {"a": {"command": "a", "args": ["x\\u0000y"]}}}',
        b'{"agent_servers": {"a": {"command": "a", "args": "acp"}}}',
        b'{"agent_servers": {"\\u001b": {"command": "a"}}}',
        b'{"agent_servers": {"a":' + b'{"command":' * 50_000,
    ],
)
def test_garbage_gives_nothing(tmp_path: Path, text: bytes) -> None:
    write(tmp_path / ".config/zed/settings.json", text)
    write(tmp_path / ".jetbrains/acp.json", text)
    assert configured(tmp_path, {}, "linux") == ()


def test_names_are_fit_to_be_shown(tmp_path: Path) -> None:
    write(
        tmp_path / ".jetbrains/acp.json",
        json.dumps({"agent_servers": {"a\x1b[2J\u202eb\n": {"command": "c", "env": {"K\x1b": "", "OK": ""}}}}),
    )
    (found,) = configured(tmp_path, {}, "linux")
    assert (found.name, found.variables) == ("a[2Jb", ("OK",))


def test_a_large_file_is_left_unread(tmp_path: Path) -> None:
    path = write(tmp_path / ".config/zed/settings.json", ONE + " " * (MAX_SETTINGS_BYTES - len(ONE)))
    assert set(read(tmp_path)) == {"One"}
    write(path, ONE + " " * 10_000_000)
    assert read(tmp_path) == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    for place in (".config/zed/settings.json", ".jetbrains/acp.json", ".superqode/agents/a.toml"):
        (tmp_path / place).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / ".config/zed/settings.json")
    (tmp_path / ".jetbrains/acp.json").mkdir()
    os.mkfifo(tmp_path / ".superqode/agents/a.toml")
    assert configured(tmp_path, {}, "linux") == ()


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / ".config/zed/settings.json", ONE)

    def refuse(path: str, *rest: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    assert configured(tmp_path, {}, "linux") == ()


def test_a_settings_file_that_is_kept_elsewhere(tmp_path: Path) -> None:
    """Many keep their settings in a repository of dotfiles, and link to them."""
    kept = write(tmp_path / "dotfiles/zed.json", ONE)
    (tmp_path / ".config/zed").mkdir(parents=True)
    (tmp_path / ".config/zed/settings.json").symlink_to(kept)
    assert set(read(tmp_path)) == {"One"}
