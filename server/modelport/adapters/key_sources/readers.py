"""The reader of each form of file."""

from __future__ import annotations

from collections.abc import Mapping

from modelport.adapters.configuration.forms.translated import Find
from modelport.adapters.key_sources import aider, github, key_maps, variables
from modelport.adapters.key_sources.documents import Reader
from modelport.adapters.key_sources.settings import settings_reader
from modelport.adapters.key_sources.table import Form


def readers(find: Find) -> Mapping[Form, Reader]:
    """The readers, with what finds a shipped provider by a name."""
    return {
        "shell": variables.of_shell,
        "fish": variables.of_fish,
        "env": variables.of_dotenv,
        "llm": key_maps.of_llm,
        "aider": aider.of_aider,
        "continue": settings_reader("continue", find),
        "opencode": settings_reader("opencode", find),
        "opencode_log_ins": key_maps.of_opencode,
        "zed": settings_reader("zed", find),
        "eca": settings_reader("eca", find),
        "github_cli": github.of_command_line,
        "copilot": github.of_copilot,
        "log_in": key_maps.of_log_in,
        "codex": key_maps.of_codex,
        "skynet": settings_reader("skynet", find),
        "ai_router": settings_reader("ai_router", find),
    }
