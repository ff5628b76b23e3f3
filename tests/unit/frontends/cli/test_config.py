"""``modelport config``: the path, the problems and the schema of the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def file() -> Path:
    return Path(os.environ["MODELPORT_CONFIG_DIR"]) / "config.toml"


def test_the_path_is_printed_with_and_without_a_file(run: Any, file: Path) -> None:
    assert run("config", "path").stdout.strip() == str(file)
    assert json.loads(run("config", "path", "--json").stdout) == {"path": str(file), "exists": False}


def test_a_valid_file(run: Any, file: Path) -> None:
    assert "There is no file" in run("config", "check").stdout
    file.write_text('[providers.acme]\nbase_url = "https://acme.example"\n')
    result = run("config", "check")
    assert (result.exit_code, result.stdout.strip()) == (0, f"{file} is in order.")


def test_the_problems_of_a_file_are_printed_line_by_line(run: Any, file: Path) -> None:
    file.write_text('[providers.acme]\nbase_ur = "https://acme.example"\n[providers.opnai]\n')
    result = run("config", "check")
    assert result.exit_code == 2
    (line,) = result.stdout.splitlines()
    assert line == f"{file}:2: error: providers.acme.base_ur: There is no such setting (did you mean base_url?)."
    assert result.stderr == ""
    report = json.loads(run("config", "check", "--json").stdout)
    assert (report["usable"], report["problems"]) == (
        False,
        [
            {
                "message": "There is no such setting (did you mean base_url?).",
                "key": "providers.acme.base_ur",
                "line": 2,
                "level": "error",
            }
        ],
    )


def test_a_warning_does_not_break_the_file(run: Any, file: Path) -> None:
    file.with_name("config.json").write_text('{"openai": {"api_key": "sk-canary-0123456789"}}')
    result = run("config", "check")
    assert result.exit_code == 0
    assert "warning: openai.api_key" in result.stdout
    assert "canary" not in result.stdout
    (key,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert (key["provider"], key["source"], key["location"]) == ("openai", "file", "config.json")


def test_the_schema_is_one(run: Any) -> None:
    schema = json.loads(run("config", "schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "providers" in schema["properties"]


def test_other_commands_say_that_the_file_is_not_used_and_go_on(run: Any, file: Path) -> None:
    file.write_text("nonsense")
    result = run("providers", "--type", "local")
    assert result.exit_code == 0
    assert "config.toml: Line 1" in result.stderr
    result = run("doctor")
    assert result.exit_code == 1
    assert "config.toml: Line 1" in result.stdout
    assert result.stderr == ""


def test_chat_asks_the_default_model(run: Any, file: Path) -> None:
    file.write_text('default_model = "echo/mock"\n[providers.echo]\ndialect = "mock"\n')
    result = run("chat", "--json", "hello")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert (said["provider"], said["model"], said["text"]) == ("echo", "mock", "You said: hello")
    assert said["resolvedBy"] == "defaultModel"


def test_chat_without_a_provider_is_refused_where_resolution_is_explicit(run: Any, file: Path) -> None:
    file.write_text('[defaults]\nresolution = "explicit"\n')
    refused = run("chat", "hello")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "PROVIDER/MODEL" in refused.stderr
    assert run("chat", "-m", "mock/mock", "hello").stdout == "You said: hello\n"


def test_a_resolution_that_does_not_exist_is_a_mistake_of_the_file(run: Any, file: Path) -> None:
    file.write_text('[defaults]\nresolution = "strict"\n')
    result = run("config", "check")
    assert result.exit_code == 2
    assert "resolution" in result.output


ROUTER = '{"openai": {"api_key": "sk-canary-0123456789", "timeout": 30}}'


def test_an_import_writes_the_file_once_and_no_key(run: Any, file: Path, tmp_path: Path) -> None:
    document = tmp_path / "providers.json"
    document.write_text(ROUTER)
    printed = run("config", "import", str(document), "--print").stdout
    assert "timeout_s = 30" in printed
    assert not file.exists()
    result = run("config", "import", str(document))
    assert result.exit_code == 0
    assert f"Wrote {file} from the AI router's providers.json." in result.stdout
    assert "modelport keys set openai keeps it" in result.stderr
    assert file.read_text() == printed
    assert "canary" not in printed + result.stdout + result.stderr
    assert run("config", "check").exit_code == 0
    again = run("config", "import", str(document))
    assert again.exit_code == 2
    assert "--print" in again.stderr


def test_an_import_keeps_keys_in_the_keyring(run: Any, file: Path, tmp_path: Path) -> None:
    document = tmp_path / "skynet.toml"
    document.write_text(
        '[[providers.openai_compat]]\nid = "acme"\nbase_url = "https://acme.example"\napi_key = "canary-0123456789"'
    )
    result = run("config", "import", str(document), "--yes")
    assert result.exit_code == 0, result.stderr
    assert "Stored the key of acme in the keyring" in result.stdout
    (key,) = json.loads(run("keys", "list", "--json").stdout)["credentials"]
    assert (key["provider"], key["source"], key["baseUrl"]) == ("acme", "keyring", "https://acme.example/v1")


@pytest.mark.parametrize(("name", "exit_code"), [("nothing.toml", 2), ("missing.toml", 2)])
def test_what_cannot_be_imported_is_wrong_usage(
    run: Any, file: Path, tmp_path: Path, name: str, exit_code: int
) -> None:
    (tmp_path / "nothing.toml").write_text("title = 'x'")
    assert run("config", "import", str(tmp_path / name)).exit_code == exit_code
    assert not file.exists()
