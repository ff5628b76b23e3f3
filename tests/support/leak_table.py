"""The ways by which a key comes in, and the places that are searched for it: every pair is tested, or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NOWHERE: Mapping[str, str] = MappingProxyType({})


class Place(NamedTuple):
    """Where Modelport writes something: ``name`` in the tests, and what a person calls it."""

    name: str
    what: str


class Way(NamedTuple):
    """How a key comes in. ``by_hand`` are the places where the user has put it, and ``empty`` those that stay empty."""

    name: str
    what: str
    by_hand: Mapping[str, str] = NOWHERE
    empty: Mapping[str, str] = NOWHERE


PLACES = (
    Place("wire", "replies, notifications and the page at the end of a log-in"),
    Place("stderr", "standard error, at level debug"),
    Place("ledger", "the usage ledger with its log files"),
    Place("spool", "calls that wait for the ledger"),
    Place("data", "everything else in the data folder: caches, indexes, announcements of this process"),
    Place("config", "the configuration folder"),
    Place("argv", "the arguments of the server and of what it starts"),
    Place("environment", "the variables of a key command"),
    Place("agents", "the variables and arguments of an agent under verification"),
    Place("llama-server", "the variables and arguments of llama-server, and what it is sent"),
    Place("cwd", "the working folder, also after the server has died by a signal"),
)
IN_CONFIG = {"config": "the user has written it there"}
REFUSED = "the file is refused, so that nothing in it is called or started"
NOT_STARTED = {"spool": REFUSED, "environment": REFUSED, "llama-server": REFUSED}
WAYS = (
    Way("variable", "a provider's variable"),
    Way("keyring", "an entry of the keyring"),
    Way("credential/set", "`credential/set`"),
    Way("vault", "`credential/set`, kept in the client's own vault, to which it goes"),
    Way("keys set", "`modelport keys set`, on standard input"),
    Way("key command", "`api_key_command`"),
    Way("header variable", "a header of the configuration, from a variable"),
    Way("header command", "a header of the configuration, from a command"),
    Way("apiKey", "`apiKey` of a connection"),
    Way("header", "a header of a connection"),
    Way("several keys", "a further key of the same provider"),
    Way("file", "the file of a vendor's log-in: an access token"),
    Way("refresh token", "the file of a vendor's log-in: a refresh token"),
    Way("log-in: access token", "`credential/login`: the access token"),
    Way("log-in: refresh token", "`credential/login`: the refresh token, renewed and refused once"),
    Way("log-in: device code", "`credential/login`: the device code"),
    Way("log-in: code", "`credential/login`: the code that a browser brings back"),
    Way("log-in: verifier", "`credential/login`: the verifier of its code"),
    Way("log-in: pasted code", "`credential/input`: the code or the address with it"),
    Way("proxy", "the password of a proxy in the configuration", IN_CONFIG, NOT_STARTED),
    Way("proxy variable", "the password of a proxy in a variable"),
    Way("base URL", "the password in a base URL of the configuration", IN_CONFIG, NOT_STARTED),
    Way("base URL of a request", "the password in a base URL of a request"),
)


class EditorPlace(NamedTuple):
    """Where an editor writes something: ``what`` a person calls it, and ``ways`` that are tested with it."""

    name: str
    what: str
    ways: tuple[str, ...]


VSCODE = ("credential/set",)
NEOVIM = ("variable", "keyring", "key command")
EDITOR_PLACES = (
    EditorPlace("nvim log", "Neovim's log of its language servers, at level trace", NEOVIM),
    EditorPlace("nvim shada", "Neovim's shada: registers, histories of commands, marks", NEOVIM),
    EditorPlace("nvim messages", "Neovim's messages and notifications", NEOVIM),
    EditorPlace("nvim buffer", "the buffer with the answer, and its undo file", NEOVIM),
    EditorPlace("storage", "VS Code's global storage and that of its workspaces", VSCODE),
    EditorPlace("settings", "VS Code's settings, of the user and of the machine", VSCODE),
    EditorPlace("logs", "VS Code's logs, all output channels among them", VSCODE),
)
