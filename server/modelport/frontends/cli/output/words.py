"""Says in the words of the command line what the server says in those of the protocol: commands and options."""

from __future__ import annotations

import re
from collections.abc import Mapping

COMMAND_WORDS: Mapping[str, str] = {
    "provider/list": "modelport providers",
    "provider/discover": "modelport discover",
    "provider/connect": "modelport keys set PROVIDER",
    "provider/disconnect": "modelport keys delete PROVIDER",
    "provider/status": "modelport providers --ready",
    "model/list": "modelport models",
    "model/search": "modelport models WORDS",
    "model/pull": "modelport pull MODEL",
    "model/delete": "ollama rm MODEL",
    "completion/create": "modelport chat",
    "token/count": "modelport chat",
    "embedding/create": "the Python package",
    "image/create": "the Python package",
    "moderation/create": "the Python package",
    "credential/set": "modelport keys set PROVIDER",
    "credential/delete": "modelport keys delete PROVIDER",
    "credential/list": "modelport keys list",
    "credential/test": "modelport keys test",
    "credential/login": "modelport login PROVIDER",
    "credential/input": "the terminal of modelport login",
    "credential/logout": "modelport logout PROVIDER",
    "credential/store": "modelport keys set PROVIDER",
    "credential/load": "modelport keys list",
    "credential/remove": "modelport keys delete PROVIDER",
    "usage/summary": "modelport usage",
    "usage/snapshot": "modelport usage",
    "usage/delta": "modelport usage",
    "usage/history": "modelport usage --history N",
    "usage/credits": "modelport usage --credits PROVIDER",
    "budget/list": "modelport budget",
    "agent/discover": "modelport discover-agents",
    "diagnostics/run": "modelport doctor",
    # Parameters, and phrases of which only a part makes sense to a person.
    "timeoutMs in provider/connect or timeout_s in config.toml": "timeout_s in config.toml",
    "send data and mimeType instead of url": "attach a file instead",
    "give provider too": "give --provider too",
    "timeoutMs": "--timeout",
    "baseUrl": "--api-base",
    "apiKey": "the key",
    "secret must be the key itself": "what is stored must be the key itself",
    "responseFormat": "--json-schema",
    "maxInputUsdPerMtok": "--max-price",
    "groupBy": "--by",
}
"""What a method, a parameter or a phrase of several is on the command line; each method of the protocol is here."""

_WIRE_WORDS = re.compile(
    # Not within an address, a model's id or a longer word.
    rf"(?<![\w/.:@-])(?:{'|'.join(map(re.escape, sorted(COMMAND_WORDS, key=len, reverse=True)))})(?![\w/-])"
)


def in_commands(sentence: str) -> str:
    """The sentence with each method and parameter of the protocol replaced by what a user of the command line types."""
    return _WIRE_WORDS.sub(lambda found: COMMAND_WORDS[found[0]], sentence)
