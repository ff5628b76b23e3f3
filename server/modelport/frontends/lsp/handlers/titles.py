"""What the user is shown while a method runs. Methods that wait for nothing outside the server are not here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from modelport.protocol import types

Asking = (
    types.CreateCompletionParams
    | types.CountTokenParams
    | types.CreateEmbeddingParams
    | types.CreateImageParams
    | types.CreateModerationParams
)


def asking(params: Asking) -> str:
    """The title of a call to a model, in the words of the request."""
    return f"Asking {params.model or params.provider or 'the model'}"


def downloading(params: types.PullModelParams) -> str:
    """The title of a download."""
    return f"Downloading {params.model}"


def _connecting(params: types.ConnectProviderParams) -> str:
    return f"Connecting {params.provider or params.model or 'a provider'}"


LOOKING_FOR_SERVERS: Final = "Looking for local model servers"
LOOKING_FOR_AGENTS: Final = "Looking for agents"

TITLES: Final[dict[str, Callable[[Any], str]]] = {
    "provider/discover": lambda _: LOOKING_FOR_SERVERS,
    "provider/connect": _connecting,
    "credential/login": lambda params: f"Logging in to {params.provider}",
    "credential/logout": lambda params: f"Logging out of {params.provider}",
    "model/list": lambda _: "Listing models",
    "model/search": lambda _: "Listing models",
    "model/pull": downloading,
    "model/delete": lambda params: f"Deleting {params.model}",
    "completion/create": asking,
    "token/count": asking,
    "embedding/create": asking,
    "image/create": asking,
    "moderation/create": asking,
    "credential/set": lambda _: "Waiting for the keyring",
    "credential/delete": lambda _: "Waiting for the keyring",
    "credential/test": lambda params: f"Checking {params.provider or 'all'} keys",
    "usage/credits": lambda params: f"Asking {params.provider} for the credit left",
    "agent/discover": lambda _: LOOKING_FOR_AGENTS,
    "diagnostics/run": lambda _: "Checking the installation",
}
