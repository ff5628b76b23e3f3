"""Reading the file: its two forms, the line of every mistake, and no value in any message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.configuration.documents import MAX_FILE_BYTES
from modelport.adapters.configuration.file import LocalConfigurationFile, config_folder
from modelport.domain.providers.configuration import FileRead, Finding, ProviderEntry
from modelport.domain.providers.registry_builder import build_registry
from modelport.protocol.secret import Secret
from support.shipped import shipped_registry

CANARY = "canary-0123456789abcdef"


def read(folder: Path, text: str | bytes, name: str = "config.toml") -> FileRead:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    found = LocalConfigurationFile(folder).read()
    assert CANARY not in str(found.problems)
    return found


def problems(folder: Path, text: str | bytes, name: str = "config.toml") -> list[tuple[int | None, str]]:
    """Lines and keys of what is wrong with a file that is not used."""
    found = read(folder, text, name)
    assert found.configuration is None
    return [(problem.line, problem.key) for problem in found.problems if problem.level == "error"]


def test_the_folder_is_the_variables_else_the_platforms(tmp_path: Path) -> None:
    assert config_folder({"MODELPORT_CONFIG_DIR": str(tmp_path)}) == tmp_path
    assert config_folder({}).name == "modelport"


def test_a_missing_file_is_an_empty_configuration(tmp_path: Path) -> None:
    found = LocalConfigurationFile(tmp_path / "none").read()
    assert (found.exists, found.problems, found.name) == (False, (), "config.toml")
    assert found.configuration is not None
    assert found.configuration.document.providers == {}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_sound_file(tmp_path: Path, ends: str) -> None:
    text = """
default_model = "acme/large"
[providers.acme]
base_url = "https://acme.example"
timeout_s = 60
headers = { X-Team = "core", X-Token = { env = "TEAM" } }
ca_file = "own.pem"
[providers.acme.wire]
seed_field = "seed"
"""
    (tmp_path / "own.pem").touch()
    found = read(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", ends).encode())
    assert found.problems == ()
    assert found.configuration is not None
    acme = found.configuration.document.providers["acme"]
    assert (acme.timeout_s, acme.ca_file) == (60.0, str(tmp_path / "own.pem"))
    assert found.configuration.wire == {"acme": {"seed_field": "seed"}}


def test_every_mistake_is_reported_with_its_line_and_key(tmp_path: Path) -> None:
    text = """\
default_modle = "x"

[providers.acme]
base_ur = "https://x"
timeout_s = "60"
models = [
  "a",
  3,
]
dialect = "opnai_chat"
headers = { X = { envv = "A" } }
wire.seed_fild = "seed"

[providers.beta.wire]
tool_choice = ["maybe"]

["providers"."c d"]
verify_tls = 1
"""
    assert problems(tmp_path, text) == [
        (1, "default_modle"),
        (4, "providers.acme.base_ur"),
        (5, "providers.acme.timeout_s"),
        (6, "providers.acme.models"),
        (10, "providers.acme.dialect"),
        (11, "providers.acme.headers.X.envv"),
        (12, "providers.acme.wire.seed_fild"),
        (15, "providers.beta.wire.tool_choice"),
        (18, "providers.c d.verify_tls"),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("base_ur = 'x'", "did you mean base_url?"),
        ("timeout_s = -1", "more than 0"),
        ("timeout_s = 1e9", "at most 86400"),
        ("timeout_s = 'x'", "a number"),
        ("verify_tls = 'x'", "true or false"),
        ("models = 'x'", "a list"),
        ("models = [1]", "in the list must be a text"),
        ("headers = 3", "a table"),
        ("proxy = 3", "a text or a table"),
        ("api_key_command = []", "not be empty"),
        ("dialect = 'x'", "one of openai_chat,"),
        ("wire = { client = 'x' }", "one of http, sdk"),
    ],
)
def test_a_sentence_names_what_would_be_right(tmp_path: Path, line: str, words: str) -> None:
    (problem,) = read(tmp_path, f"[providers.acme]\nbase_url = 'https://x'\n{line}").problems
    assert words in problem.message
    assert problem.line == 3


@pytest.mark.parametrize("name", ["api_key", "apikey", "key", "token", "secret", "password"])
def test_a_key_in_the_toml_is_refused_with_the_better_places(tmp_path: Path, name: str) -> None:
    (problem,) = read(tmp_path, f"[providers.acme]\n{name} = '{CANARY}'").problems
    assert (problem.line, problem.level) == (2, "error")
    for way in ("modelport keys set acme", "api_key_env", "api_key_command"):
        assert way in problem.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a = 1\nb = '{CANARY}", 2),
        (f"a = 1\na = '{CANARY}'\n", 2),
        (f"[x]\n\n{CANARY}\n", 3),
        ("a = [\n1,\n", 2),
        ("x = " + "[" * 5000, 1),
    ],
)
def test_what_is_no_toml_is_reported_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert problems(tmp_path, text) == [(line, "")]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"# " + b"x" * MAX_FILE_BYTES])
def test_an_unusable_text_is_reported(tmp_path: Path, content: bytes) -> None:
    assert problems(tmp_path, content) == [(None, "")]


def test_a_folder_under_the_files_name_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    found = LocalConfigurationFile(tmp_path).read()
    assert found.configuration is None
    assert "cannot be read" in found.problems[0].message


def test_missing_certificates_are_a_warning(tmp_path: Path) -> None:
    found = read(tmp_path, "[providers.acme]\nbase_url = 'https://x'\nca_file = 'none.pem'")
    assert [(p.line, p.level, p.key) for p in found.problems] == [(3, "warning", "providers.acme.ca_file")]
    assert found.configuration is not None


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    file = LocalConfigurationFile(tmp_path)
    stamps = [file.stamp()]
    (tmp_path / "config.json").write_text("{}")
    stamps.append(file.stamp())
    (tmp_path / "config.toml").write_text("a = 1")
    stamps.append(file.stamp())
    os.utime(tmp_path / "config.toml", ns=(1, 1))
    stamps.append(file.stamp())
    assert len(set(stamps)) == 4
    assert file.stamp() == stamps[-1]


# The other form.

ROUTER_TEXT = f"""\
{{
  "openai": {{
    "api_key": "{CANARY}",
    "organization": "org-1",
    "timeout": 300,
    "custom_headers": {{"X-Custom-Header": "value"}}
  }},
  "claude": {{"api_key": "sk-ant-...", "api_version": "2023-06-01"}},
  "ollama": {{
    "base_url": "http://localhost:11434",
    "verify_ssl": false
  }},
  "openrouter": {{"app_name": "Router", "app_url": "https://r.example"}},
  "llama-cpp": {{
    "models_dir": "/models",
    "default_threads": 24,
    "default_gpu_layers": 999,
    "llama_cpp_path": "~/llama.cpp/build/bin/llama-cli"
  }},
  "other": {{"default_threads": 24, "base_url": "http://localhost:1"}}
}}
"""


def test_the_routers_document_is_understood(tmp_path: Path) -> None:
    found = read(tmp_path, ROUTER_TEXT, "config.json")
    assert found.configuration is not None
    providers = found.configuration.document.providers
    assert found.configuration.keys == {"openai": Secret(CANARY)}
    assert (providers["openai"].timeout_s, providers["openai"].organization) == (300, "org-1")
    assert providers["openai"].headers == {"X-Custom-Header": "value"}
    assert providers["claude"].headers == {"anthropic-version": "2023-06-01"}
    assert (providers["ollama"].base_url, providers["ollama"].verify_tls) == ("http://localhost:11434", False)
    assert providers["openrouter"].headers == {"X-OpenRouter-Title": "Router", "HTTP-Referer": "https://r.example"}
    assert sorted((p.line, p.key, p.level) for p in found.problems) == [
        (3, "openai.api_key", "warning"),
        (8, "claude.api_key", "warning"),
        (15, "llama-cpp.models_dir", "warning"),
        (20, "other.default_threads", "warning"),
    ]
    local = found.configuration.document.local_models
    assert local is not None
    assert (local.folder, local.threads, local.gpu_layers) == ("/models", 24, 999)
    assert local.command[:3] == ("~/llama.cpp/build/bin/llama-server", "--model", "{model}")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{\n"openai": {"timeout": "x"}}', [(2, "openai.timeout")]),
        ('{\n"openai": {\n"api_key": 3}}', [(3, "openai.api_key")]),
        ('{\n"openai": 3}', [(2, "openai")]),
        ('{\n"openrouter": {"app_name": 3}}', [(2, "openrouter.app_name")]),
        ('{\n"a": {"custom_headers":\n {"X": 3}}}', [(3, "a.custom_headers.X")]),
        ('{\n"a": {"models_dir": "m",\n "default_threads": "x"}}', [(3, "a.default_threads")]),
        ("[]", [(None, "")]),
        ('{\n"a": nonsense}', [(2, "")]),
        ("[" * 100_000, [(1, "")]),
    ],
)
def test_a_mistake_in_the_routers_document_has_its_line_and_its_own_key(tmp_path: Path, text: str, wrong: Any) -> None:
    assert problems(tmp_path, text, "config.json") == wrong


def test_the_merge_finds_the_routers_keys_too(tmp_path: Path) -> None:
    found = read(tmp_path, ROUTER_TEXT, "config.json")
    problem = found.locate(Finding(("providers", "ollama", "base_url"), "No."))
    assert (problem.line, problem.key) == (10, "ollama.base_url")


def test_what_the_router_does_not_know_is_left_out(tmp_path: Path) -> None:
    text = """{
"openai": {"timeot": 3, "max_retries": 3, "timeout": 5,
"custom_headers": {"Authorization": "x", "X-Api-Key": "x",
"Content-Length": "3", "X-Team": "core"}}}"""
    found = read(tmp_path, text, "config.json")
    assert found.configuration is not None
    assert sorted((p.line, p.key, p.level) for p in found.problems) == [
        (2, "openai.max_retries", "warning"),
        (2, "openai.timeot", "warning"),
        (3, "openai.custom_headers.Authorization", "warning"),
        (3, "openai.custom_headers.X-Api-Key", "warning"),
        (4, "openai.custom_headers.Content-Length", "warning"),
    ]
    assert any("did you mean timeout?" in problem.message for problem in found.problems)
    entry = found.configuration.document.providers["openai"]
    assert (entry.timeout_s, entry.headers) == (5, {"X-Team": "core"})


SKYNET = """\
[agent]
model = "claude-sonnet-4-6"
max_steps = 3

[gateway]
port = 1

[providers.ollama]
base_url = "http://localhost:11434"

[[providers.openai_compat]]
id = "groq"
api_key = "CANARY"

[[providers.openai_compat]]
id = "my-custom-api"
api_key = "sk-..."
base_url = "https://my-company-llm.internal.com"

[[providers.openai_compat]]
id        = "my-provider"
base_url  = "https://api.example.com/llm/"
chat_path = "/v1/chat/completions"
model     = "my-model"
retries   = 3

[providers.anthropic]
api_key = "sk-ant-..."

[providers.bedrock]
region = "us-east-1"
"""


def test_skynets_document_is_understood(tmp_path: Path) -> None:
    found = read(tmp_path, SKYNET.replace("CANARY", CANARY), "skynet.toml")
    assert found.configuration is not None
    assert (found.configuration.keys, found.configuration.file_name) == ({"groq": Secret(CANARY)}, "skynet.toml")
    document = found.configuration.document
    assert list(document.providers) == ["anthropic", "groq", "my-custom-api", "my-provider", "bedrock", "ollama"]
    assert document.default_model == "anthropic/claude-sonnet-4-6"
    own = document.providers["my-provider"]
    assert (own.base_url, own.default_model, own.chat_path) == ("https://api.example.com/llm/v1", "my-model", None)
    assert document.providers["my-custom-api"].base_url == "https://my-company-llm.internal.com/v1"
    assert document.providers["bedrock"].region == "us-east-1"
    assert [(p.key, p.level) for p in found.problems] == [
        ("gateway", "warning"),
        ("providers.anthropic.api_key", "warning"),
        ("providers.openai_compat.api_key", "warning"),
        ("providers.openai_compat.api_key", "warning"),
        ("providers.openai_compat.retries", "warning"),
        ("agent.max_steps", "warning"),
    ]
    registry, findings = build_registry(found.configuration, shipped_registry().all())
    assert findings == []
    assert registry.defaults(registry.get("groq")).file_name == "skynet.toml"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[providers]\nollama = 3", [(2, "providers.ollama")]),
        ("[providers.ollama]\nbase_url = 3", [(2, "providers.ollama.base_url")]),
        ("[providers.openai_compat]\nid = 'a'", [(1, "providers.openai_compat")]),
        ("[[providers.openai_compat]]\nbase_url = 'https://a.example'", [(1, "providers.openai_compat")]),
        ("[providers.openai]\napi_key = 3", [(2, "providers.openai.api_key")]),
    ],
)
def test_a_mistake_in_skynets_document_has_its_line_and_its_own_key(tmp_path: Path, text: str, wrong: Any) -> None:
    assert problems(tmp_path, text, "skynet.toml") == wrong


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("copilot", 'token_path = "/Users/you/.skynet/copilot_token.txt"'),
        ("qwen_oauth", 'credentials_path = "/Users/you/.skynet/qwen_credentials.json"'),
        (
            "vertex",
            'key_file = "/path/to/service-account.json"\nproject_id = "my-gcp-project"\nlocation = "us-central1"',
        ),
        ("bedrock", 'region = "us-east-1"\nprofile = "default"'),
    ],
)
def test_what_skynets_document_says_of_log_ins(tmp_path: Path, name: str, settings: str) -> None:
    found = read(tmp_path, f"[providers.{name}]\n{settings}\n", "skynet.toml")
    assert found.problems == ()
    assert found.configuration is not None
    registry, findings = build_registry(found.configuration, shipped_registry().all())
    assert findings == []
    assert len(registry.defaults(registry.get(name)).variables) == settings.count("=")


def test_a_second_table_about_one_provider_of_skynets_is_left_out(tmp_path: Path) -> None:
    text = '[[providers.openai_compat]]\nid = "groq"\n[[providers.openai_compat]]\nid = "groq"\nmodel = "x"\n'
    found = read(tmp_path, text, "skynet.toml")
    assert found.configuration is not None
    assert [problem.level for problem in found.problems] == ["warning"]


def test_toml_counts_before_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("nonsense")
    assert read(tmp_path, "").problems == ()


def test_the_examples_of_the_documentation_are_sound(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "configuration.md").read_text(encoding="utf-8")
    (tmp_path / "acme-root.pem").touch()
    blocks = page.split("```toml\n")[1:]
    assert len(blocks) >= 5
    for block in blocks:
        text = block.partition("```")[0]
        if text.startswith("# skynet.toml"):
            (tmp_path / "config.toml").unlink()
            found = read(tmp_path, text, "skynet.toml")
            (tmp_path / "skynet.toml").unlink()
            assert all(problem.level == "warning" for problem in found.problems)
            continue
        found = read(tmp_path, text)
        # The folders of the examples are nowhere here.
        assert [p for p in found.problems if p.key != "local_models.folder"] == []
        assert found.configuration is not None
        registry, findings = build_registry(found.configuration, shipped_registry().all())
        assert findings == []
        assert all(registry.find(name) for name in found.configuration.document.providers)
    assert read(tmp_path, page.partition("```json\n")[2].partition("```")[0], "config.json").problems == ()


def test_every_setting_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[4] / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = page.partition("## A provider")[2].partition("## Keys")[0]
    assert [name for name in ProviderEntry.__struct_fields__ if f"`{name}`" not in table] == []


# Model files.

LOCAL_TEXT = """\
[local_models]
folder = "models"
threads = 8
flash_attention = true
cache_type_k = "q8_0"
flags = ["--jinja"]
path_mapping = { 'C:\\models' = "/mnt/c/models" }
"""


def test_model_files(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    found = read(tmp_path, LOCAL_TEXT)
    assert found.problems == ()
    assert found.configuration is not None
    local = found.configuration.document.local_models
    assert local is not None
    assert local.folder == str(tmp_path / "models")
    assert (local.threads, local.flags, local.idle_s, local.max_running) == (8, ("--jinja",), 600, 1)
    assert local.command[0] == "llama-server"
    registry, findings = build_registry(found.configuration, shipped_registry().all())
    assert (registry.local_models, findings) == (local, [])


def test_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    found = read(tmp_path, LOCAL_TEXT)
    assert found.configuration is not None
    assert [(p.line, p.key, p.level) for p in found.problems] == [(2, "local_models.folder", "warning")]


@pytest.mark.skipif(os.name == "nt", reason="a drive is a drive there")
def test_a_drive_of_windows_is_where_wsl_has_it(tmp_path: Path) -> None:
    found = read(tmp_path, "[local_models]\nfolder = 'D:\\models\\all'")
    assert found.configuration is not None
    assert found.configuration.document.local_models is not None
    assert found.configuration.document.local_models.folder == "/mnt/d/models/all"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[local_models]\nthreads = 3", [(1, "local_models")]),
        ("local_models = 3", [(1, "local_models")]),
        ('[local_models]\nfolder = "m"\nthread = 3', [(3, "local_models.thread")]),
        ('[local_models]\nfolder = "m"\nthreads = 0', [(3, "local_models.threads")]),
        ('[local_models]\nfolder = "m"\nidle_s = nan', [(3, "local_models.idle_s")]),
        ('[local_models]\nfolder = "m"\ncache_type_v = "q9"', [(3, "local_models.cache_type_v")]),
        ('[local_models]\nfolder = "m"\ncommand = []', [(3, "local_models.command")]),
        ('[local_models]\nfolder = "m"\npath_mapping = { a = 1 }', [(3, "local_models.path_mapping.a")]),
    ],
)
def test_mistakes_about_model_files(tmp_path: Path, text: str, wrong: Any) -> None:
    assert problems(tmp_path, text) == wrong


@pytest.mark.parametrize("command", [["serve", "{model}"], ["serve", "{port}"], [" ", "{model}", "{port}"]])
def test_a_command_must_be_able_to_serve_any_model(tmp_path: Path, command: list[str]) -> None:
    found = read(tmp_path, f'[local_models]\nfolder = "{tmp_path}"\ncommand = {command}'.replace("'", '"'))
    assert found.configuration is not None
    _, findings = build_registry(found.configuration, shipped_registry().all())
    assert [finding.key_path for finding in findings] == [("local_models", "command")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("config.toml", "timeout_s = " + "9" * 5000, "A number in it has more digits than any setting."),
        ("config.json", '{"timeout_s": ' + "9" * 5000 + "}", "A number in it has more digits than any setting."),
        ("config.toml", ".".join("a" * 3000) + " = 1", "This TOML is nested too deeply."),
        ("config.toml", "a = " + "[" * 60 + "]" * 60, "This TOML is nested too deeply."),
        ("config.toml", "a = " + "[" * 5000, "This TOML is nested too deeply."),
        ("config.json", '{"a":' * 900 + "1" + "}" * 900, "This JSON is nested too deeply."),
    ],
)
def test_what_no_reader_of_settings_has_to_bear_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    found = read(tmp_path, text, name)
    assert found.configuration is None
    assert [problem.message for problem in found.problems] == [said]


@pytest.mark.parametrize(
    "text",
    [r'{"os": "\ud800"}', r'{"\udc00": 1}', r'{"providers": {"a\ud83d": {"base_url": "http://\udc00"}}}', r'"\ud800"'],
)
def test_half_a_surrogate_pair_in_it_can_be_reported(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, "config.json")
    for problem in found.problems:
        f"{problem.key} {problem.message}".encode()


@pytest.mark.parametrize("ca_file", [r"\u0000", "~nobody-of-this-name/root.pem"])
def test_what_is_no_path_is_a_missing_file(tmp_path: Path, ca_file: str) -> None:
    found = read(tmp_path, f'[providers.acme]\nbase_url = "https://acme.example"\nca_file = "{ca_file}"\n')
    assert [problem.message for problem in found.problems] == ["There is no such file that could be read."]
    assert found.configuration is not None


def test_a_folder_of_an_unknown_user_is_taken_as_it_is() -> None:
    assert config_folder({"MODELPORT_CONFIG_DIR": "~nobody-of-this-name"}) == Path("~nobody-of-this-name")
