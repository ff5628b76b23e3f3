"""The environment that an agent is started with to find out about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from modelport.domain.agents.observations import Launch

SECRET_ENDS = (
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
"""How the name of a variable ends, or one of the words in it, when its value is nobody else's business."""


STEERING = ("LD_", "DYLD_", "NODE_", "PYTHON", "BASH_", "PERL", "RUBY", "JAVA_", "GIT_", "NPM_")
"""How variables begin that make another program of a program."""


def harmless(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that a list from elsewhere may set: none that decides which code is run."""
    others = ("PATH", "HOME", "SHELL", "ENV", "IFS", "EDITOR", "BROWSER")
    return {
        name: value
        for name, value in env.items()
        if not name.upper().startswith(STEERING) and name.upper() not in others and not holds_secret(name)
    }


def start_environment(
    variables: Mapping[str, str], launch: Launch, secret_env_vars: Collection[str], *, keys: bool, separator: str
) -> dict[str, str]:
    """The variables for a start: without anything secret, but for the agent's own keys where ``keys`` says so.

    A program that is not on the search path finds what lies beside it first, such as the Node that it belongs to.
    """
    own = frozenset(launch.keys) if keys else frozenset[str]()
    kept = {
        name: value
        for name, value in variables.items()
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
    return name.upper().endswith(SECRET_ENDS) or any(word in SECRET_ENDS for word in words)
