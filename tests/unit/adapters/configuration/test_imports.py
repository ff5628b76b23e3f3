"""Documents of other programs as config.toml: their own examples, what is left out, and no key in the text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from modelport.adapters.configuration.file import LocalConfigurationFile
from modelport.adapters.configuration.imports import Imported, import_document
from modelport.domain.errors import InvalidParams
from modelport.domain.providers.registry import Registry
from modelport.domain.providers.registry_builder import build_registry
from support.shipped import shipped_registry

CANARY = "canary-0123456789abcdef"
SHIPPED = shipped_registry()


def imported(folder: Path, name: str, text: str) -> tuple[Imported, dict[str, Any], Registry]:
    """The document as ours, parsed again, and the registry that it makes."""
    document = folder / name
    document.write_text(text.replace("CANARY", CANARY), encoding="utf-8")
    found = import_document(document, SHIPPED.find)
    assert CANARY not in found.text + "".join(found.notes)
    (folder / "config.toml").write_text(found.text, encoding="utf-8")
    read = LocalConfigurationFile(folder).read()
    assert [problem for problem in read.problems if problem.level == "error"] == []
    assert read.configuration is not None
    registry, findings = build_registry(read.configuration, SHIPPED.all())
    assert findings == []
    return found, tomllib.loads(found.text), registry


LITELLM = """\
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/MY_OPENAI_KEY
  - model_name: gpt-4o-mini
    litellm_params:
      model: gpt-4o-mini
  - model_name: vllm-models
    litellm_params:
      model: openai/facebook/opt-125m
      api_base: http://0.0.0.0:4000/v1
      api_key: CANARY
      rpm: 1440
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: sk-ant-...
  - {}
litellm_settings:
  fallbacks: [{"gpt-4o": ["claude"]}]
"""


def test_litellm(tmp_path: Path) -> None:
    found, document, registry = imported(tmp_path, "config.yaml", LITELLM)
    assert found.program == "LiteLLM"
    assert {name: secret.reveal() for name, secret in found.keys.items()} == {"vllm-models": CANARY}
    assert found.addresses == {"vllm-models": "http://0.0.0.0:4000/v1"}
    assert document["providers"] == {
        "openai": {"models": ["gpt-4o", "gpt-4o-mini"], "api_key_env": "MY_OPENAI_KEY"},
        "vllm-models": {"base_url": "http://0.0.0.0:4000/v1", "models": ["facebook/opt-125m"]},
        "anthropic": {"models": ["claude-sonnet-4-5"]},
    }
    assert registry.get("openai").api_key_env_vars == ("MY_OPENAI_KEY",)
    assert registry.resolve(None, "facebook/opt-125m").provider.id == "vllm-models"
    text = "\n".join(found.notes)
    for part in ("litellm_settings", "rpm", "model_list.4", "vllm-models/facebook/opt-125m"):
        assert part in text
    assert "# Left out: litellm_settings" in found.text
    assert "# The key is not here: keep it with modelport keys set vllm-models." in found.text


LITELLM_FALLBACKS = """\
model_list:
  - {model_name: big, litellm_params: {model: openai/gpt-4o}}
  - {model_name: big, litellm_params: {model: azure/gpt-4o, api_base: "https://eu.example"}}
  - {model_name: claude, litellm_params: {model: anthropic/claude-sonnet-4-5}}
  - {model_name: long, litellm_params: {model: gemini/gemini-2.5-pro}}
litellm_settings:
  drop_params: true
  fallbacks: [{"big": ["claude", "missing", {"model": "claude", "temperature": 0}]}, {"claude": "big"}]
  context_window_fallbacks: [{"big": ["long", "claude"]}]
router_settings:
  default_fallbacks: ["claude"]
"""


def test_litellms_fallbacks_become_chains(tmp_path: Path) -> None:
    found, document, registry = imported(tmp_path, "config.yaml", LITELLM_FALLBACKS)
    chain = ["openai/gpt-4o", "azure/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"]
    assert document["chains"] == {"big": chain, "default": ["anthropic/claude-sonnet-4-5"]}
    assert {name: list(models) for name, models in registry.chains.items()} == document["chains"]
    assert [
        next(note for note in found.notes if words in note).partition(":")[0]
        for words in ("chain/big", "missing", "settings of its own", "no list", "drop_params")
    ] == [*["litellm_settings.fallbacks"] * 4, "litellm_settings.drop_params"]


SLOTS = """\
[agent]
model = "claude-sonnet-4-6"

[providers.ollama]
base_url = "http://localhost:11434"

[[providers.openai_compat]]
id = "groq"

[providers.anthropic]
"""


def test_smartopols_slots_become_a_chain_that_no_refused_key_goes_along(tmp_path: Path) -> None:
    _, document, registry = imported(tmp_path, "skynet.toml", SLOTS)
    assert document["chains"] == {"default": ["anthropic/claude-sonnet-4-6", "groq", "ollama"]}
    assert registry.failover.on_auth == "stop"
    (tmp_path / "config.toml").unlink()
    read = LocalConfigurationFile(tmp_path).read()
    assert read.configuration is not None
    assert dict(read.configuration.document.chains) == {"default": tuple(document["chains"]["default"])}
    assert read.configuration.document.failover.on_auth == "stop"


def test_one_slot_is_no_chain(tmp_path: Path) -> None:
    _, document, registry = imported(
        tmp_path, "skynet.toml", SLOTS.partition("[providers.ollama]")[0] + "[providers.openai]\n"
    )
    assert "chains" not in document
    assert registry.failover.on_auth == "continue"


def test_two_addresses_of_one_provider_are_two_providers(tmp_path: Path) -> None:
    entries = "".join(
        f"  - model_name: Azure {place}\n    litellm_params:\n      model: azure/gpt-4o\n      api_base: https://{place}.example\n"
        for place in ("eu", "us", "eu")
    )
    _, document, _ = imported(tmp_path, "config.yaml", "model_list:\n" + entries)
    assert {name: entry["base_url"] for name, entry in document["providers"].items()} == {
        "azure": "https://eu.example",
        "azure-us": "https://us.example",
    }


CONTINUE = """\
name: My config
version: 0.0.1
schema: v1
models:
  - name: Completer
    provider: ollama
    model: qwen2.5-coder:1.5b
    roles: [autocomplete]
  - name: GPT
    provider: openai
    model: gpt-4o
    apiKey: ${{ secrets.OPENAI_KEY }}
    roles: [chat, edit]
    requestOptions: {timeout: 30000, verifySsl: false, headers: {X-Team: core, Authorization: CANARY}, extra: 1}
  - name: Company
    provider: openai
    model: large
    apiBase: https://llm.example/v1
    apiKey: CANARY
  - name: none
context: []
"""


def test_continue(tmp_path: Path) -> None:
    found, document, _ = imported(tmp_path, "continue.yaml", CONTINUE)
    assert found.program == "Continue"
    assert document["default_model"] == "openai/gpt-4o"
    assert document["providers"] == {
        "ollama": {"models": ["qwen2.5-coder:1.5b"]},
        "openai": {
            "models": ["gpt-4o"],
            "api_key_env": "OPENAI_KEY",
            "timeout_s": 30.0,
            "verify_tls": False,
            "headers": {"X-Team": "core"},
        },
        "company": {"base_url": "https://llm.example/v1", "models": ["large"]},
    }
    assert list(found.keys) == ["company"]
    assert any("Authorization" in note for note in found.notes)


def test_continues_older_form(tmp_path: Path) -> None:
    text = """{
      "models": [{"title": "Local", "provider": "ollama", "model": "llama3.1", "apiBase": "http://localhost:11434"}],
      // the one for the ghost text
      "tabAutocompleteModel": {"title": "Tab", "provider": "mistral", "model": "codestral-latest", "apiKey": "CANARY"},
    }"""
    found, document, _ = imported(tmp_path, "config.jsonc", text)
    assert document["default_model"] == "ollama/llama3.1"
    assert list(document["providers"]) == ["ollama", "mistral"]
    assert list(found.keys) == ["mistral"]


OPENCODE = """{
  "$schema": "https://opencode.ai/config.json",
  "model": "myprovider/my-model",
  "theme": "x",
  "provider": {
    "anthropic": {"options": {"apiKey": "{env:MY_ANTHROPIC}", "timeout": 600000}},
    "myprovider": {
      "npm": "@ai-sdk/openai-compatible",
      "name": "My AI",
      "options": {
        "baseURL": "https://api.myprovider.com/v1",
        "apiKey": "CANARY",
        "headers": {"X-Team": "core", "X-Own": "{env:OWN}", "Authorization": "Bearer CANARY"}
      },
      "models": {"my-model": {"name": "My Model", "limit": {"context": 200000}}}
    }
  }
}"""


def test_opencode(tmp_path: Path) -> None:
    found, document, registry = imported(tmp_path, "opencode.json", OPENCODE)
    assert found.program == "opencode"
    assert document == {
        "default_model": "myprovider/my-model",
        "providers": {
            "anthropic": {"api_key_env": "MY_ANTHROPIC", "timeout_s": 600.0},
            "myprovider": {
                "display_name": "My AI",
                "dialect": "openai_chat",
                "models": ["my-model"],
                "base_url": "https://api.myprovider.com/v1",
                "headers": {"X-Team": "core", "X-Own": {"env": "OWN"}},
            },
        },
    }
    assert list(found.keys) == ["myprovider"]
    assert registry.default_target is not None
    assert registry.default_target.provider.id == "myprovider"


ZED = """{
  // editor
  "theme": "One Dark",
  "language_models": {
    "open_router": {"api_url": "https://openrouter.ai/api/v1", "available_models": [{"name": "a/b", "max_tokens": 1}]},
    "anthropic": {"available_models": []},
    "openai_compatible": {
      "My Company": {"api_url": "https://llm.corp.example/v1", "available_models": [{"name": "big"}, {"name": 7}, 8]},
    },
    "broken": 7,
  },
}"""


def test_zed(tmp_path: Path) -> None:
    found, document, registry = imported(tmp_path, "settings.json", ZED)
    assert (found.program, found.keys) == ("Zed", {})
    assert document["providers"] == {
        "openrouter": {"base_url": "https://openrouter.ai/api/v1", "models": ["a/b"]},
        "my-company": {"base_url": "https://llm.corp.example/v1", "models": ["big"]},
    }
    assert registry.resolve(None, "big").provider.id == "my-company"
    assert "language_models.broken: This is no provider." in found.notes


ECA = """{
  "providers": {
    "openai": {"key": "${env:MY_OPENAI}", "models": {"o1": {}, "o1-high": {"modelName": "o1"}}},
    "anthropic": {"keyRc": "work@api.anthropic.com", "url": "${env:MY_URL}"},
    "google": {"key": "{netrc:google}"},
    "my-company": {"api": "openai-responses", "url": "https://llm.corp.example/", "key": "CANARY", "models": {"big": {}}},
    "versioned": {"api": "openai-chat", "url": "https://api.versioned.example/openai/v1", "keyEnv": "V_KEY"},
    "lmstudio": {"api": "openai-chat", "url": "http://localhost:1234", "completionUrlRelativePath": "/v1/chat/completions"},
    "claude-like": {"api": "anthropic", "url": "https://api.z.example/anthropic", "thinkTagStart": "<t>"},
    "broken": 7
  }
}"""


def test_eca(tmp_path: Path) -> None:
    found, document, registry = imported(tmp_path, "config.json.bak", ECA)
    assert (found.program, list(found.keys)) == ("ECA", ["my-company"])
    assert found.addresses["my-company"] == "https://llm.corp.example/v1"
    assert document["providers"] == {
        "openai": {"models": ["o1"], "api_key_env": "MY_OPENAI"},
        "anthropic": {},
        "gemini": {},
        "my-company": {"dialect": "openai_responses", "base_url": "https://llm.corp.example/v1", "models": ["big"]},
        "versioned": {
            "dialect": "openai_chat",
            "base_url": "https://api.versioned.example/openai/v1",
            "api_key_env": "V_KEY",
        },
        "lmstudio": {
            "dialect": "openai_chat",
            "chat_path": "/v1/chat/completions",
            "base_url": "http://localhost:1234",
        },
        "claude-like": {"dialect": "anthropic_messages", "base_url": "https://api.z.example/anthropic"},
    }
    assert registry.get("my-company").dialect == "openai_responses"
    text = "\n".join(found.notes)
    for part in ("anthropic.url", "google.key", "broken", "thinkTagStart"):
        assert part in text


SKYNET = """\
[agent]
model = "claude-sonnet-4-6"

[providers.anthropic]
api_key = "CANARY"

[[providers.openai_compat]]
id = "groq"
api_key = "gsk_..."

[providers.ollama]
base_url = "http://localhost:11434"
"""


def test_skynet(tmp_path: Path) -> None:
    found, document, _ = imported(tmp_path, "skynet.toml", SKYNET)
    assert (found.program, list(found.keys)) == ("SmartopolAI", ["anthropic"])
    assert document["default_model"] == "anthropic/claude-sonnet-4-6"
    assert document["providers"] == {"anthropic": {}, "groq": {}, "ollama": {"base_url": "http://localhost:11434"}}


ROUTER = """{
  "openai": {"api_key": "CANARY", "timeout": 300},
  "ollama": {"base_url": "http://localhost:11434"},
  "llama-cpp": {"models_dir": "/mnt/d/models/organized", "default_threads": 24, "default_gpu_layers": 999}
}"""


def test_the_ai_router(tmp_path: Path) -> None:
    found, document, _ = imported(tmp_path, "providers.json", ROUTER)
    assert (found.program, list(found.keys)) == ("the AI router", ["openai"])
    assert document["local_models"] == {"folder": "/mnt/d/models/organized", "threads": 24, "gpu_layers": 999}
    assert document["providers"]["openai"] == {"timeout_s": 300}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.yaml", "a: [", "is not valid yaml"),
        ("a.yaml", "!!python/object/apply:os.system ['true']", "is not valid yaml"),
        ("a.toml", "a = ", "is not valid toml"),
        ("a.json", "CANARY", "This is no document"),
        ("a.yaml", "- a", "holds no settings"),
        ("a.toml", "title = 'x'", "This is no document"),
        ("a.toml", "[providers]\nollama = 3", "providers.ollama"),
        ("a.json", '{"openai": {"timeout": "CANARY"}}', "cannot be used: providers.openai.timeout_s"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text.replace("CANARY", CANARY))
    with pytest.raises(InvalidParams, match=why) as refused:
        import_document(tmp_path / name, SHIPPED.find)
    assert CANARY not in refused.value.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidParams, match="cannot be read"):
        import_document(tmp_path, SHIPPED.find)
