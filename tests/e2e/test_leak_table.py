"""Each way by which a key comes in, by each place that Modelport writes to: ``support.leak_table`` is the table."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.http_server import LocalServer
from support.key_search import KeySearch
from support.leak_table import PLACES, WAYS
from support.leak_world import CANARY, World
from support.repeating import RepeatingOAuth, repeats

pytestmark = pytest.mark.skipif(os.name == "nt", reason="scripts of a shell, and /proc")
SENT = frozenset({"variable", "keyring", "credential/set", "vault", "keys set", "key command", "header variable", "header command", "apiKey", "header", "several keys", "file"})  # fmt: skip
"""The ways whose key reaches the provider, which repeats it in each of its answers, beside those that are log-ins."""


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
@pytest.mark.timeout(90)
def test_no_place_holds_a_key(way: Any, tmp_path: Path) -> None:
    logs_in = way.name.startswith("log-in: ")
    with LocalServer(repeats) as upstream, RepeatingOAuth() as oauth:
        world = World(way.name, tmp_path, f"{oauth.url}/v1" if logs_in else upstream.url, oauth)
        world.run()
        requests = [*upstream.requests, *oauth.server.requests]
    for key in world.keys:
        sent = [request for request in requests if key in f"{request.headers} {request.body.decode()}"]
        assert bool(sent) == (logs_in or way.name in SENT), world.found["wire"]
    # Each place has something in it to be searched.
    assert [place.name for place in PLACES if not any(world.found[place.name])] == list(way.empty)
    search = KeySearch(*world.keys)
    leaks = [name for name, contents in world.found.items() if any(map(search.is_in, contents))]
    # What the user has put there is found.
    assert leaks == list(way.by_hand)


@pytest.mark.parametrize("form", [CANARY, CANARY.upper(), " ".join(CANARY), CANARY.encode().hex(), json.dumps({"k": CANARY}), b64encode(f"user:{CANARY}".encode()).decode(), quote(CANARY), "".join(f"%{ord(c):02X}" for c in CANARY), "".join(f"\\u{ord(c):04x}" for c in CANARY)])  # fmt: skip
def test_the_search_finds_each_form(form: str) -> None:
    search = KeySearch(CANARY)
    assert search.is_in(f"before {form} after")
    assert not search.is_in("before gsk_CANARY after")
