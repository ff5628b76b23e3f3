"""The environment of an agent that is started for a handshake."""

from __future__ import annotations

import pytest

from modelport.domain.agents.environment import holds_secret, start_environment
from modelport.domain.agents.observations import Launch

VARIABLES = {
    "HOME": "/home/ada",
    "PATH": "/usr/bin:/bin",
    "OPENAI_API_KEY": "canary",
    "GEMINI_API_KEY": "canary-too",
    "MY_ODD_NAME": "withheld by the configuration",
    "LANG": "C.UTF-8",
}  # fmt: skip


def launch(program: str = "/usr/bin/gemini", **more) -> Launch:
    return Launch(**{"argv": (program, "--acp"), "start_s": 15.0, "keys": ("GEMINI_API_KEY",)} | more)


def test_no_key_reaches_an_agent_that_gets_only_the_first_request() -> None:
    given = start_environment(VARIABLES, launch(), {"MY_ODD_NAME"}, keys=False, separator=":")
    assert given == {"HOME": "/home/ada", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def test_an_agent_that_opens_a_session_gets_its_own_keys_and_no_other() -> None:
    given = start_environment(VARIABLES, launch(), {"MY_ODD_NAME"}, keys=True, separator=":")
    assert given["GEMINI_API_KEY"] == "canary-too"
    assert "OPENAI_API_KEY" not in given
    assert "MY_ODD_NAME" not in given


def test_a_program_off_the_path_finds_what_lies_beside_it() -> None:
    off = start_environment(VARIABLES, launch("/home/ada/.nvm/v22/bin/gemini"), (), keys=False, separator=":")
    assert off["PATH"] == "/home/ada/.nvm/v22/bin:/usr/bin:/bin"
    assert start_environment({}, launch(), (), keys=False, separator=":")["PATH"] == "/usr/bin"


def test_the_rows_own_variables_are_added() -> None:
    given = start_environment({}, launch(env={"NO_UPDATE": "1"}), (), keys=False, separator=":")
    assert given["NO_UPDATE"] == "1"


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "GITLAB_PAT", "APIKEY", "MY_TOKENS", "aws_session_token",
     "GOOGLE_APPLICATION_CREDENTIALS", "TOKEN_FOR_X", "AUGMENT_SESSION_AUTH"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert holds_secret(name)


@pytest.mark.parametrize(
    "name", ["PATH", "MANPATH", "HOME", "PATTERN", "KEYBOARD", "XDG_RUNTIME_DIR", "NODE_PATH", "MONKEYS_ON"]
)
def test_names_of_other_things(name: str) -> None:
    assert not holds_secret(name)
