"""Names of programs and packages as people write them into settings."""

from __future__ import annotations

import pytest

from modelport.domain.agents.editors.settings import package_of_line, program_name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("gemini", "gemini"),
        ("/usr/local/bin/gemini", "gemini"),
        (r"C:\Users\a\AppData\Roaming\npm\gemini.cmd", "gemini"),
        ("goose.EXE", "goose"),
        ("my.agent", "my.agent"),
        (".exe", ".exe"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_program_is_named_without_folder_and_windows_ending(command: str, name: str) -> None:
    assert program_name(command) == name


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("npx -y @google/gemini-cli@0.61.0 --acp", "npm:@google/gemini-cli"),
        ("npx pi-acp@latest", "npm:pi-acp"),
        ("bunx opencode-ai", "npm:opencode-ai"),
        ("uvx mistral-vibe==3.0.2", "pypi:mistral-vibe"),
        ("uvx mistral-vibe@latest", "pypi:mistral-vibe"),
        ("uvx fast-agent-mcp[all]", "pypi:fast-agent-mcp"),
        ("npx -y", None),
        ("node agent.js", None),
    ],
)  # fmt: skip
def test_the_package_of_a_line_that_downloads(line: str, package: str | None) -> None:
    name, *args = line.split()
    assert package_of_line(name, args) == package
