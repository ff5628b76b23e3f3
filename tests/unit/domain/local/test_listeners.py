"""The table of what is sent to whose program at a port that the user did not name: each cell."""

from __future__ import annotations

from typing import Any

import pytest

from modelport.domain.errors import RequestFailed
from modelport.domain.local.listeners import ALLOWED, ListeningProgram, Owner, owner, permitted
from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.credential import Credential
from modelport.protocol.secret import Secret
from modelport.protocol.types import ResolutionStep
from support.builders import CANARY, row

ROW = row("ollama", base_url="http://localhost:11434", base_url_env_vars=("OLLAMA_HOST",), system_user="ollama")
OWN, ROOT, PERSON = ListeningProgram("own", "me"), ListeningProgram("administrator", "root"), ListeningProgram("person")


def endpoint(*, key: str = "", **headers: Secret) -> Endpoint:
    credential = Credential(provider="ollama", source="environment", secret=Secret(key) if key else None, location="K")
    return Endpoint(
        provider=ROW,
        dialect="openai_chat",
        base_url="http://localhost:11434",
        address_given=False,
        credential=credential,
        headers=headers,
    )


# Who listens, and what it gets: of a request that names nothing, of one that names the provider, and as a key.
CELLS: list[tuple[Owner, bool, bool, bool]] = [
    ("own", True, True, True),
    ("administrator", True, True, True),
    ("service", True, True, True),
    ("unknown", True, True, False),
    ("system", False, True, False),
    ("person", False, False, False),
]


def test_the_cells_are_all_of_the_table() -> None:
    assert [cell[0] for cell in CELLS] == list(ALLOWED)


@pytest.mark.parametrize(("kind", "unnamed", "named", "key"), CELLS)
def test_each_cell(kind: Owner, unnamed: bool, named: bool, key: bool) -> None:
    steps: list[tuple[ResolutionStep, bool]] = [("request", named), ("localServer", unnamed)]
    for step, allowed in steps:
        for sent in (endpoint(), endpoint(key=CANARY)):
            if not allowed:
                with pytest.raises(RequestFailed, match="OLLAMA_HOST to http://localhost:11434") as refused:
                    permitted(sent, kind, step)
                assert refused.value.kind == "forbidden"
                assert CANARY not in refused.value.message
                continue
            got = permitted(sent, kind, step)
            assert got.base_url == sent.base_url
            assert (got.credential.secret is not None) == (key and sent.credential.secret is not None)
            assert bool(got.key_withheld) == (not key and sent.credential.secret is not None)


@pytest.mark.parametrize(("kind", "unnamed", "named", "key"), CELLS)
def test_a_provider_chosen_for_its_key_gets_nothing_without_it(
    kind: Owner, unnamed: bool, named: bool, key: bool
) -> None:
    if key:
        assert permitted(endpoint(key=CANARY), kind, "credential").credential.secret
    else:
        with pytest.raises(RequestFailed):
            permitted(endpoint(key=CANARY), kind, "credential")


def test_the_users_own_headers_are_withheld_like_a_key() -> None:
    headers: dict[str, Any] = {"Authorization": Secret(CANARY), "X-Tenant": Secret("blue")}
    assert permitted(endpoint(**headers), "own", "request").headers == headers
    assert permitted(endpoint(**headers), "unknown", "request").headers == {}


@pytest.mark.parametrize(
    ("programs", "kind"),
    [
        ([], "unknown"),
        ([OWN], "own"),
        ([ROOT], "administrator"),
        ([ListeningProgram("system", "ollama")], "service"),
        ([ListeningProgram("system", "www-data")], "system"),
        ([ListeningProgram("system")], "system"),
        ([PERSON], "person"),
        ([ListeningProgram("unknown")], "unknown"),
        # One at 127.0.0.1 and one at ::1: which of them a connection to localhost reaches is a matter of chance.
        ([OWN, PERSON], "person"),
        ([ROOT, ListeningProgram("unknown")], "unknown"),
    ],
)
def test_the_owner_is_the_least_trusted(programs: list[ListeningProgram], kind: Owner) -> None:
    assert owner(programs, ROW) == kind


def test_an_account_is_a_service_of_the_row_that_names_it_only() -> None:
    assert owner([ListeningProgram("system", "ollama")], row("vllm")) == "system"
