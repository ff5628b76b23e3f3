"""A file of each program, as its own documentation has them: which keys and providers are found, and in which place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.key_sources.local import LocalKeySources
from modelport.adapters.key_sources.places import Machine
from modelport.adapters.key_sources.readers import readers
from modelport.adapters.key_sources.table import load_sources
from modelport.domain.errors import InvalidParams
from modelport.domain.key_imports.found import FoundFiles
from modelport.domain.key_imports.matching import key_variables
from support.shipped import shipped_registry

REGISTRY = shipped_registry()
VARIABLES = key_variables(REGISTRY)
LLM = """{
  "// Note": "This file stores secret API credentials. Do not share!",
  "openai": "sk-proj-0123456789abcdef",
  "claude": "sk-ant-0123456789abcdef"
}
"""
AIDER = """\
model: sonnet
openai-api-key: sk-proj-0123456789abcdef
openai-api-base: https://gateway.example/v1
api-key:
  - gemini=AIza0123456789abcdef
  - openrouter=sk-or-0123456789abcdef
set-env:
  - GROQ_API_KEY=gsk_0123456789abcdef
  - EDITOR=vi
auto-commits: false
"""
CONTINUE = """\
name: Local Assistant
version: 1.0.0
models:
  - name: GPT
    provider: openai
    model: gpt-4o
    apiKey: sk-proj-0123456789abcdef
  - name: Mine
    provider: openai
    model: llama
    apiBase: http://127.0.0.1:8000/v1
    apiKey: ${{ secrets.MY_KEY }}
"""
CONTINUE_JSON = """{
  "models": [{"title": "Claude", "provider": "anthropic", "model": "claude-sonnet-4-5", "apiKey": "sk-ant-0123456789abcdef"}],
  "tabAutocompleteModel": {"title": "Codestral", "provider": "mistral", "model": "codestral-latest", "apiKey": "mistral-0123456789"}
}"""
OPENCODE_LOG_INS = """{
  "openai": {"type": "api", "key": "sk-proj-0123456789abcdef"},
  "anthropic": {"type": "oauth", "refresh": "sk-ant-ort-0123456789", "access": "sk-ant-oat-0123456789", "expires": 1},
  "https://corp.example": {"type": "wellknown", "key": "TOKEN", "token": "well-0123456789"}
}"""
OPENCODE = """{
  "$schema": "https://opencode.ai/config.json",
  // mine
  "provider": {
    "corp": {
      "npm": "@ai-sdk/openai-compatible",
      "options": {"baseURL": "https://llm.corp.example/v1", "apiKey": "corp-0123456789abcdef"},
      "models": {"big": {}}
    },
    "groq": {"options": {"apiKey": "{env:GROQ_API_KEY}"}},
  }
}"""
ZED = """// Zed settings
{
  "theme": "One Dark",
  "language_models": {
    "open_router": {"api_url": "https://openrouter.ai/api/v1", "available_models": [{"name": "a/b", "max_tokens": 1}]},
    "openai_compatible": {
      "Orq": {"api_url": "https://api.orq.example/v3", "available_models": [{"name": "m", "max_tokens": 1}]},
    },
  },
  "agent_servers": {
    "Codex": {"command": "codex-acp", "env": {"OPENAI_API_KEY": "sk-proj-0123456789abcdef", "RUST_LOG": "info"}},
  },
}
"""
ECA = """{
  "providers": {
    "openai": {"key": "sk-proj-0123456789abcdef", "models": {"o1": {}, "o1-high": {"modelName": "o1"}}},
    "groq": {"key": "${env:GROQ_API_KEY}"},
    "anthropic": {"keyRc": "work@api.anthropic.com"},
    "my-company": {"api": "openai-chat", "url": "https://llm.corp.example", "key": "corp-0123456789abcdef", "models": {"gpt-5": {}}},
    "elsewhere": {"api": "anthropic", "url": "${env:MY_URL}", "keyEnv": "MY_KEY"}
  },
  "mcpServers": {"github": {"command": "x", "env": {"OPENROUTER_API_KEY": "sk-or-0123456789abcdef"}}}
}"""
GITHUB_CLI = """\
github.com:
    git_protocol: https
    users:
        someone:
            oauth_token: gho_0123456789abcdef
    user: someone
    oauth_token: gho_0123456789abcdef
"""
GITHUB_CLI_KEYRING = "github.com:\n    git_protocol: https\n    users:\n        someone:\n    user: someone\n"
COPILOT = '{"github.com:Iv1.b507a08c87ecfe98":{"user":"someone","oauth_token":"ghu_0123456789abcdef","githubAppId":"Iv1.b507a08c87ecfe98"}}'
QWEN = '{"access_token":"qwen-0123456789","refresh_token":"qwen-9876543210","token_type":"Bearer","expiry_date":1}'
CODEX = '{"OPENAI_API_KEY": "sk-proj-0123456789abcdef", "tokens": null}'
CODEX_LOG_IN = '{"OPENAI_API_KEY": "sk-proj-0123456789abcdef", "tokens": {"access_token": "a", "refresh_token": "r"}}'
SKYNET = """\
[agent]
model = "claude-sonnet-4-6"

[providers.anthropic]
api_key = "sk-ant-0123456789abcdef"

[[providers.openai_compat]]
id = "my-custom-api"
api_key = "custom-0123456789abcdef"
base_url = "https://my-company-llm.example"
"""
ROUTER = """{
  "openai": {"api_key": "sk-proj-0123456789abcdef", "organization": "org-1"},
  "openrouter": {"api_key": "sk-or-0123456789abcdef", "app_name": "x"}
}"""
BASH = "export OPENAI_API_KEY=sk-proj-0123456789abcdef\nexport OPENAI_BASE_URL=https://gateway.example/v1\n"
OPENAI, CLAUDE = ("openai", "cdef"), ("anthropic", "cdef")
Names = tuple[str | None, str | None]


class Case:
    """A file and what is found in it: keys by variable or provider, log-ins, and the names of providers."""

    def __init__(
        self, path: str, text: str, keys: dict[str, int], kept: tuple[str, ...] = (), tables: Any = ()
    ) -> None:
        self.path, self.text, self.keys, self.kept, self.tables = path, text, keys, kept, set(tables)


CASES = {
    "bash": Case(".bashrc", BASH, {"OPENAI_API_KEY": 1}),
    "profile": Case(".profile", "\nGROQ_API_KEY=gsk_0123456789abcdef; export GROQ_API_KEY\n", {"GROQ_API_KEY": 2}),
    "zsh": Case(".zshenv", "export GROQ_API_KEY='gsk_0123456789abcdef'\n", {"GROQ_API_KEY": 1}),
    "computed": Case(".zshrc", "export GROQ_API_KEY=$(pass show groq)\n", {}, ("GROQ_API_KEY",)),
    "fish": Case(".config/fish/config.fish", "set -gx GROQ_API_KEY gsk_0123456789abcdef\n", {"GROQ_API_KEY": 1}),
    "fish's universal": Case(".config/fish/fish_variables", "# x\nSETUVAR --export XAI_API_KEY:xai\\x2d0123456789\n", {"XAI_API_KEY": 2}),
    "home .env": Case(".env", "DEEPSEEK_API_KEY=sk-0123456789abcdef\nDB_PASSWORD=secret\n", {"DEEPSEEK_API_KEY": 1}),
    "llm": Case(".config/io.datasette.llm/keys.json", LLM, {"openai": 3, "claude": 4}),
    "aider": Case(".aider.conf.yml", AIDER, {"OPENAI_API_KEY": 2, "GEMINI_API_KEY": 5, "OPENROUTER_API_KEY": 6, "GROQ_API_KEY": 8}),
    "aider's log-in": Case(".aider/oauth-keys.env", 'OPENROUTER_API_KEY="sk-or-0123456789abcdef"\n', {"OPENROUTER_API_KEY": 1}),
    "Continue": Case(".continue/config.yaml", CONTINUE, {"openai": 7}, tables=("openai", "mine")),
    "Continue before": Case(".continue/config.json", CONTINUE_JSON, {"anthropic": 2, "mistral": 3}, tables=("anthropic", "mistral")),
    "Continue's secrets": Case(".continue/.env", "MISTRAL_API_KEY=mistral-0123456789\n", {"MISTRAL_API_KEY": 1}),
    "opencode's log-ins": Case(".local/share/opencode/auth.json", OPENCODE_LOG_INS, {"openai": 2}, ("anthropic", "https://corp.example")),
    "opencode": Case(".config/opencode/opencode.json", OPENCODE, {"corp": 7}, tables=("corp", "groq")),
    "Zed": Case(".config/zed/settings.json", ZED, {"OPENAI_API_KEY": 11}, tables=("openrouter", "orq")),
    "ECA": Case(".config/eca/config.json", ECA, {"openai": 3, "my-company": 6, "OPENROUTER_API_KEY": 9}, tables=("openai", "groq", "anthropic", "my-company", "elsewhere")),
    "gh": Case(".config/gh/hosts.yml", GITHUB_CLI, {"github-models": 5}),
    "gh with a keyring": Case(".config/gh/hosts.yml", GITHUB_CLI_KEYRING, {}, ("github-models",)),
    "Copilot": Case(".config/github-copilot/apps.json", COPILOT, {"copilot": 1}),
    "Copilot before": Case(".config/github-copilot/hosts.json", '{"github.com": {"user": "x", "oauth_token": "gho_0123456789"}}', {"copilot": 1}),
    "Copilot's renewed": Case(".config/github-copilot/apps.json", COPILOT.replace('"githubAppId"', '"refresh_token":"ghr_0123456789","githubAppId"'), {}, ("copilot",)),
    "Qwen": Case(".qwen/oauth_creds.json", QWEN, {}, ("qwen-oauth",)),
    "Codex": Case(".codex/auth.json", CODEX, {"OPENAI_API_KEY": 1}),
    "Codex's log-in": Case(".codex/auth.json", CODEX_LOG_IN, {}, ("openai",)),
    "SmartopolAI": Case(".skynet/skynet.toml", SKYNET, {"anthropic": 5, "my-custom-api": 9}, tables=("anthropic", "my-custom-api")),
    "the AI router": Case("project/providers.json", ROUTER, {"openai": 2, "openrouter": 3}),
    "project .env": Case("project/.env", "GROQ_API_KEY=gsk_0123456789abcdef\n", {"GROQ_API_KEY": 1}),
    "project .env.local": Case("project/.env.local", "GROQ_API_KEY=gsk_0123456789abcdef\n", {"GROQ_API_KEY": 1}),
    "project aider": Case("project/.aider.conf.yml", "anthropic-api-key: sk-ant-0123456789abcdef\n", {"ANTHROPIC_API_KEY": 1}),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path


def sources(
    home: Path, working_folder: Path | None = None, platform: str = "linux", **variables: str
) -> LocalKeySources:
    """The sources of a user with this home."""

    def machine() -> Machine:
        folder = str(working_folder or home / "project")
        return Machine(home=str(home), working_folder=folder, variables=variables, platform=platform)

    return LocalKeySources(machine, REGISTRY.find)


def written(home: Path, case: Case) -> Path:
    path = home / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case.text, encoding="utf-8")
    return path


def names(found: FoundFiles) -> tuple[dict[str, int | None], list[str], set[str]]:
    keys = {(key.variable or key.provider or ""): key.place.line for file in found.files for key in file.keys}
    kept = [one.variable or one.provider or "" for file in found.files for one in file.log_ins]
    return keys, kept, {name for file in found.files if file.providers for name in file.providers.tables}


@pytest.mark.parametrize("name", CASES)
def test_each_program(home: Path, name: str) -> None:
    case = CASES[name]
    path = written(home, case)
    found = sources(home).search(VARIABLES)
    assert names(found) == (case.keys, list(case.kept), case.tables)
    assert found.problems == ()
    assert {key.place.path for file in found.files for key in file.keys} <= {f"~/{case.path}"}
    assert path.read_text(encoding="utf-8") == case.text
    # Each is found by its name alone, too, in any folder.
    assert names(sources(home).read(str(path), VARIABLES))[:2] == (case.keys, list(case.kept))


def test_each_row_has_a_reader_and_a_case() -> None:
    forms = {row.form for row in load_sources()}
    assert forms == set(readers(REGISTRY.find))
    programs = {row.form for row in load_sources() for case in CASES.values() for file in row.files if file.endswith("/" + case.path.rpartition("/")[2])}  # fmt: skip
    assert programs == forms
    assert all(row.provider is None or REGISTRY.find(row.provider) for row in load_sources())


def test_all_programs_at_once_each_file_once_and_the_users_own_first(home: Path) -> None:
    for case in CASES.values():
        written(home, case)
    (home / ".zprofile").symlink_to(".zshenv")
    files = sources(home).search(VARIABLES).files
    paths = [(file.keys[0] if file.keys else file.log_ins[0]).place.path for file in files if file.keys or file.log_ins]
    assert len(paths) == len(set(paths)) == len({case.path for case in CASES.values()})
    assert all(path.startswith("~/project/") for path in paths[-4:])
    assert not any(path.startswith("~/project/") for path in paths[:-5])


def test_folders_above_the_working_folder_up_to_home_and_none_outside(home: Path) -> None:
    deep = home / "project" / "a" / "b"
    deep.mkdir(parents=True)
    for folder in (home.parent, home, home / "project", deep):
        (folder / ".env").write_text("GROQ_API_KEY=gsk_0123456789abcdef\n")
    try:
        found = sources(home, deep).search(VARIABLES)
        paths = [key.place.path for file in found.files for key in file.keys]
        assert paths == ["~/.env", "~/project/a/b/.env", "~/project/.env"]
        outside = sources(deep, home / "project").search(VARIABLES)
        assert [key.place.path for file in outside.files for key in file.keys] == [
            "~/.env",
            str(home / "project" / ".env"),
        ]
    finally:
        (home.parent / ".env").unlink()


def test_providers_of_a_working_folder_are_read_only_when_their_file_is_named(home: Path) -> None:
    path = written(home, Case("project/skynet.toml", SKYNET, {}))
    (file,) = sources(home).search(VARIABLES).files
    assert (len(file.keys), file.providers) == (2, None)
    (file,) = sources(home).read(str(path), VARIABLES).files
    assert file.providers is not None
    assert set(file.providers.tables) == {"anthropic", "my-custom-api"}


@pytest.mark.parametrize(
    ("platform", "variables", "path"),
    [
        ("darwin", {}, "Library/Application Support/io.datasette.llm/keys.json"),
        ("win32", {"APPDATA": "HOME/roaming"}, "roaming/io.datasette.llm/keys.json"),
        ("linux", {"XDG_CONFIG_HOME": "HOME/conf"}, "conf/io.datasette.llm/keys.json"),
        ("linux", {"LLM_USER_PATH": "HOME/llm"}, "llm/keys.json"),
    ],
)
def test_the_folders_of_each_platform(home: Path, platform: str, variables: dict[str, str], path: str) -> None:
    written(home, Case(path, LLM, {}))
    given = {name: value.replace("HOME", str(home)) for name, value in variables.items()}
    assert names(sources(home, platform=platform, **given).search(VARIABLES))[0] == {"openai": 3, "claude": 4}
    assert names(sources(home, XDG_CONFIG_HOME="relative").search(VARIABLES))[0] == {}


@pytest.mark.parametrize(
    ("name", "text", "keys"),
    [
        ("prod.env", "GROQ_API_KEY=gsk_0123456789abcdef\n", {"GROQ_API_KEY": 1}),
        ("secrets", "if x; then\n  export GROQ_API_KEY=gsk_0123456789abcdef; fi\n", {"GROQ_API_KEY": 2}),
        ("secrets", "set -gx GROQ_API_KEY gsk_0123456789abcdef\n", {"GROQ_API_KEY": 1}),
        ("eca-backup.json", ECA, {"openai": 3, "my-company": 6, "OPENROUTER_API_KEY": 9}),
        ("backup.toml", SKYNET, {"anthropic": 5, "my-custom-api": 9}),
        ("empty.env", "NOTHING=1\n", {}),
    ],
)
def test_a_named_file_of_any_name(home: Path, name: str, text: str, keys: dict[str, int]) -> None:
    path = written(home, Case(name, text, {}))
    assert names(sources(home).read(str(path), VARIABLES))[0] == keys


@pytest.mark.parametrize(
    ("path_there", "content", "words"),
    [
        (".config/io.datasette.llm/keys.json", b'{"openai": ', "is not valid JSON"),
        (".config/io.datasette.llm/keys.json", b"\x00" * 100, "is not valid JSON"),
        (".config/opencode/opencode.json", b"[" * 200_000, "is not valid JSON"),
        (".config/gh/hosts.yml", b"a: [b", "is not valid YAML"),
        (".config/gh/hosts.yml", b"a: " + b"[" * 1_000 + b"]" * 1_000, "YAML"),
        (".config/gh/hosts.yml", b"#" * 70_000, "more than 64 KiB of YAML"),
        (".skynet/skynet.toml", b"a = [", "is not valid TOML"),
        (".env", b"A=1\n" * 400_000, "cannot be read"),
    ],
)
def test_a_broken_file_is_named_and_stops_nothing(home: Path, path_there: str, content: bytes, words: str) -> None:
    path = home / path_there
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    written(home, CASES["zsh"])
    found = sources(home).search(VARIABLES)
    assert names(found)[0] == {"GROQ_API_KEY": 1}
    (problem,) = found.problems
    assert problem.startswith("~/")
    assert words in problem
    with pytest.raises(InvalidParams, match=r"YAML|JSON|TOML|cannot be read"):
        sources(home).read(str(path), VARIABLES)


def test_what_is_no_text_no_file_or_not_the_users_breaks_nothing(home: Path) -> None:
    (home / ".bashrc").write_bytes(b"# caf\xe9\nexport GROQ_API_KEY=gsk_0123456789abcdef\n")
    (home / ".zshrc").symlink_to(".zshrc")
    (home / ".env").mkdir()
    os.mkfifo(home / ".profile")
    (home / ".zshenv").write_bytes("export XAI_API_KEY=xai-0123456789\n".encode("utf-16"))
    found = sources(home).search(VARIABLES)
    assert names(found)[0] == {"GROQ_API_KEY": 2, "XAI_API_KEY": 1}
    assert sorted(problem.partition(" ")[0] for problem in found.problems) == ["~/.profile", "~/.zshrc"]


def test_a_file_of_another_user_is_read_only_when_it_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(home, CASES["project .env"])
    if os.geteuid() == 0:
        os.chown(path, 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
    found = sources(home).search(VARIABLES)
    assert (names(found)[0], found.problems) == ({}, ("~/project/.env belongs to another user: name it with --from to read it.",))  # fmt: skip
    assert names(sources(home).read(str(path), VARIABLES))[0] == {"GROQ_API_KEY": 1}


def test_a_missing_file_is_an_error_with_its_name(home: Path) -> None:
    with pytest.raises(InvalidParams, match=r"There is no file ~/none\.env"):
        sources(home).read(str(home / "none.env"), VARIABLES)


ODD: list[Any] = [
    None,
    True,
    7,
    1e400,
    "",
    "text",
    [],
    [[]],
    {},
    {"": {}},
    [None, 1, {"models": None}],
    {"env": {"OPENAI_API_KEY": 7}},
]


@pytest.mark.parametrize("form", sorted(readers(REGISTRY.find)))
def test_values_of_any_type_break_no_reader(home: Path, form: Any) -> None:
    import json

    from modelport.adapters.key_sources.documents import Document, Unreadable

    row = next(row for row in load_sources() if row.form == form)
    read = readers(REGISTRY.find)[form]
    fields = ("providers", "provider", "models", "language_models", "openai", "github.com", "tokens", "api-key", "set-env", "openai-api-key", "agent", "openai_compat", "env", "OPENAI_API_KEY", "anthropic")  # fmt: skip
    inner = ("key", "url", "api", "options", "models", "api_key", "base_url", "type", "oauth_token", "openai_compatible", "api_url", "available_models", "headers", "apiKey", "provider", "model", "requestOptions", "models_dir")  # fmt: skip
    name = "x" + Path(row.files[-1]).suffix
    for value in ODD:
        for document in (dict.fromkeys(fields, value), {field: dict.fromkeys(inner, value) for field in fields}):
            text = json.dumps(document)
            try:
                read(Document(source=row, path=name, text=text), VARIABLES)
            except Unreadable:
                continue
