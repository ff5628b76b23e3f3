"""The environment of an agent that is started for a handshake."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from modelport.domain.agents.observations import Launch
from modelport.domain.child_variables import without_log_ins

SECRET_SUFFIXES = (
    "KEY",
    "KEYS",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "CREDENTIALS",
    "AUTH",
    "_PAT",
)
"""The ends of the names of secret variables; also whole words in such names."""


STEERING_PREFIXES = ("LD_", "DYLD_", "NODE_", "PYTHON", "BASH_", "PERL", "RUBY", "JAVA_", "GIT_", "NPM_")
"""The beginnings of the names of variables that change what a program runs."""


def harmless(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that a downloaded list may set: none that decides which code is run."""
    others = ("PATH", "HOME", "SHELL", "ENV", "IFS", "EDITOR", "BROWSER")
    return {
        name: value
        for name, value in env.items()
        if not name.upper().startswith(STEERING_PREFIXES) and name.upper() not in others and not holds_secret(name)
    }


def start_environment(
    variables: Mapping[str, str], launch: Launch, secret_env_vars: Collection[str], *, keys: bool, separator: str
) -> dict[str, str]:
    """The variables for a start: without secrets, except the agent's own keys with ``keys``.

    The folder of a program that is not on PATH is put in front of it, for programs beside it such as its own Node.
    """
    own = frozenset(launch.keys) if keys else frozenset[str]()
    kept = {
        name: value
        for name, value in without_log_ins(variables).items()
        if name in own or not (name in secret_env_vars or holds_secret(name))
    }
    folder = launch.argv[0].replace("\\", "/").rpartition("/")[0]
    path = kept.get("PATH", "")
    if folder and folder not in (entry.replace("\\", "/").rstrip("/") for entry in path.split(separator)):
        kept["PATH"] = f"{folder}{separator}{path}" if path else folder
    return kept | launch.env


def holds_secret(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret."""
    words = name.upper().split("_")
    return name.upper().endswith(SECRET_SUFFIXES) or any(word in SECRET_SUFFIXES for word in words)
