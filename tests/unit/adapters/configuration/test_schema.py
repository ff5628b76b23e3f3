"""The published schema accepts what the check accepts and describes every setting."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from modelport.adapters.configuration.checking import check
from modelport.adapters.configuration.schema import schema

SOUND = """
default_model = "acme/large"
[providers.acme]
base_url = "https://acme.example/v1"
dialect = "openai_chat"
api_key_command = ["pass", "show", "acme"]
timeout_s = 60
headers = { X-Team = "core", X-Token = { env = "T" }, X-Other = { command = ["c"] } }
proxy = { env = "CORP_PROXY" }
[providers.acme.wire]
tool_choice = ["auto"]
max_tokens_field = "max_completion_tokens"
"""


def validator() -> Any:
    published: Any = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    return jsonschema.Draft202012Validator(published)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        (SOUND, True),
        ("", True),
        ("[providers.acme]\nbase_ur = 'x'", False),
        ("[providers.acme]\ntimeout_s = 0", False),
        ("[providers.acme]\ndialect = 'x'", False),
        ("[providers.acme]\nheaders = { A = 3 }", False),
        ("[providers.acme]\nheaders = { A = { envv = 'x' } }", False),
        ("[providers.acme]\napi_key_command = []", False),
        ("[providers.acme]\nproxy = 3", False),
        ("[providers.acme.wire]\nclient = 'x'", False),
        ("providers = 3", False),
        ("other = 3", False),
    ],
)
def test_the_schema_and_the_check_agree(text: str, sound: bool) -> None:
    raw = tomllib.loads(text)
    assert validator().is_valid(raw) is sound
    assert (check(raw) == []) is sound


def test_every_setting_has_a_description() -> None:
    published = schema()
    parts = [published, published["$defs"]["ProviderEntry"], published["$defs"]["ValueSource"]]
    for part in parts:
        assert part["properties"]
        assert [name for name, of in part["properties"].items() if not of.get("description")] == []


def test_the_published_file_is_this_schema() -> None:
    published = Path(__file__).parents[4] / "protocol" / "config.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == json.loads(json.dumps(schema()))
